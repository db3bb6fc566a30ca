import { styleText } from "node:util";
import { openConnection } from "../client/connection.ts";
import { CallFailed } from "../client/index.ts";
import { type Config, originOf, readConfig } from "../platform/config/config.ts";
import { ConfigError } from "../platform/config/errors.ts";
import { adviceOn } from "./advice.ts";
import { CALLER_FLAGS, CALLER_OPTIONAL, callerOf, urlOf } from "./caller.ts";
import { printable } from "../kernel/printable.ts";
import { answer, Stop } from "./command.ts";
import { examineDatabase, examineNodeKey, examineReplica } from "./doctor-database.ts";
import { clockFinding, type Finding } from "./finding.ts";
import { optionsOf } from "./options.ts";

export const usage = `usage: wayhouse doctor [options]

Looks, changes nothing, and says of each thing that is wrong what to do: the configuration, the database
and its clock, the API's role and row-level security, migrations, a replica, the node's key, the API, its
clock, the metrics port; with --organisation the key files of that organisation and whether the API knows them.
Give it the environment of the server that it shall look at.

  --organisation <name>  a folder that \`org new\` made, or an organisation of the demo
  --client <client>      as which of its clients; default admin
  --token <file>         a file with an access token, where an identity provider signs its
  --url <url>            of the API; default: the server that HOST and PORT configure
  --prove                for a client that must (DPoP); --url is then the public one
  --json                 {"ok": …, "checks": [{"name", "state", "told", "advice"?}]}

Example:  wayhouse doctor --organisation harbour
Next:     do what it says, and run it again.`;

export const exits = {
  0: "nothing is wrong, but for what could not be looked at",
  1: "something is",
  2: "unusable options",
};

const PATIENCE_MS = 5_000;

export async function run(args: readonly string[]): Promise<0 | 1> {
  const optional = ["organisation", ...CALLER_OPTIONAL] as const;
  const { values, flags } = optionsOf(args, usage, { optional, flags: CALLER_FLAGS });
  const { organisation } = values;
  const config = configured();
  const checks: Finding[] =
    config instanceof ConfigError
      ? [
          {
            name: "configuration",
            state: "wrong",
            told: config.message,
            advice: "Correct these variables; nothing else was looked at.",
          },
        ]
      : [
          { name: "configuration", state: "ok", told: `for ${config.audience}` },
          ...(await examineNodeKey(config)),
          ...(await examineDatabase(config)),
          ...(await examineReplica(config)),
          ...(await examineApi(urlOf(values["url"]))),
          ...(await examineMetrics(config)),
          ...(organisation
            ? [await examineOrganisation({ ...values, ...flags, organisation })]
            : []),
        ];
  const ok = checks.every(({ state }) => state !== "wrong");
  answer(flags.json, { ok, checks }, checks.flatMap(linesOf), painted);
  return ok ? 0 : 1;
}

function configured(): Config | ConfigError {
  try {
    return readConfig();
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
}

const COLOURS = { ok: "green", wrong: "red", unknown: "yellow" } as const;
function linesOf({ name, state, told, advice }: Finding): string[] {
  const line = `${state.padEnd(9)}${name}: ${printable(told)}`;
  return advice === undefined ? [line] : [line, `         → ${printable(advice)}`];
}
function painted(line: string): string {
  // hasColors honours NO_COLOR, and TERM
  if (!process.stdout.isTTY || !process.stdout.hasColors()) return line;
  return line.replace(/^(?:ok|wrong|unknown)(?= )/, (state) =>
    styleText(COLOURS[state as keyof typeof COLOURS], state),
  );
}

/** The head of an answer. @throws what fetch throws, Late */
async function reach(url: URL): Promise<Response> {
  const { within, signal, close } = openConnection();
  try {
    return await within(PATIENCE_MS, fetch(url, { signal, redirect: "error" }));
  } finally {
    close();
  }
}

async function examineApi(url: URL): Promise<Finding[]> {
  const ready = new URL("/health/ready", url);
  const sentAt = Date.now();
  let response: Response;
  try {
    response = await reach(ready);
  } catch {
    const advice = "Start it with `wayhouse serve`; HOST, PORT or --url say where it is.";
    return [{ name: "api", state: "wrong", told: `${url.href} cannot be reached`, advice }];
  }
  const told = `${ready.href} answers ${response.status}`;
  const advice =
    "It drains, or cannot reach its database: its log tells. If it is no Wayhouse, --url is wrong.";
  const api: Finding = response.ok
    ? { name: "api", state: "ok", told }
    : { name: "api", state: "wrong", told, advice };
  const date = Date.parse(response.headers.get("date") ?? "");
  return Number.isNaN(date) ? [api] : [api, clockFinding("api clock", date, sentAt)];
}

async function examineMetrics({ operations }: Config): Promise<Finding[]> {
  if (!operations) {
    return [
      { name: "metrics", state: "unknown", told: "METRICS_PORT is not set: nothing is measured" },
    ];
  }
  const url = `${originOf(operations.host, operations.port)}/metrics`;
  const name = "metrics";
  try {
    const { ok, status } = await reach(new URL(url));
    if (ok) return [{ name, state: "ok", told: url }];
    return [
      {
        name,
        state: "wrong",
        told: `${url} answers ${status}`,
        advice: "Something else listens there: set METRICS_PORT to another.",
      },
    ];
  } catch {
    return [
      {
        name,
        state: "wrong",
        told: `${url} cannot be reached`,
        advice: "Start the server with this METRICS_PORT and METRICS_HOST.",
      },
    ];
  }
}

async function examineOrganisation(options: Parameters<typeof callerOf>[0]): Promise<Finding> {
  const name = `organisation ${options.organisation}`;
  try {
    const { organisation, client } = (await callerOf(options, [])).me;
    return {
      name,
      state: "ok",
      told: `the API knows it as ${organisation.handle}, client ${client.clientId}`,
    };
  } catch (error) {
    if (error instanceof Stop) {
      return { name, state: "wrong", told: "its key files cannot be used", advice: error.message };
    }
    if (error instanceof CallFailed) {
      return {
        name,
        state: "wrong",
        told: `the API answers ${error.code}`,
        advice: adviceOn(error),
      };
    }
    throw error;
  }
}
