import { CallFailed } from "../client/failure.ts";
import { ConfigError } from "../platform/config/errors.ts";
import { RegistryError } from "../platform/http/documents.ts";
import { ADMINISTRATION_COMMANDS } from "./administration.ts";
import { CLIENT_COMMANDS } from "./administration-clients.ts";
import { KEY_COMMANDS } from "./administration-keys.ts";
import { adviceOn } from "./advice.ts";
import { type Command, complain, type ExitCode, Stop } from "./command.ts";

interface Entry {
  readonly summary: string;
  load(): Promise<Command>;
}

/** A new command is one line here and one file beside, loaded when it is run. */
export const COMMANDS: Readonly<Record<string, Entry>> = {
  serve: { summary: "Serve the API.", load: async () => (await import("./serve.ts")).serve },
  worker: {
    summary: "Run the jobs for servers that run none.",
    load: async () => (await import("./serve.ts")).worker,
  },
  migrate: { summary: "Bring the database to this version.", load: () => import("./migrate.ts") },
  doctor: {
    summary: "Check the installation, and say what to do.",
    load: () => import("./doctor.ts"),
  },
  found: { summary: "Found an empty network, once.", load: () => import("./found.ts") },
  "org new": {
    summary: "Make an organisation's keys and introduction.",
    load: () => import("./organisation-new.ts"),
  },
  token: { summary: "Sign an access token.", load: () => import("./token.ts") },
  "check-subgraph": {
    summary: "Find what a private subgraph would take over of the network's graph.",
    load: () => import("./check-subgraph.ts"),
  },
  keygen: { summary: "Make a key to seal or to sign.", load: () => import("./keygen.ts") },
  "keys list": {
    summary: "List the active keys of an organisation, by its checked log.",
    load: () => import("./keys-list.ts"),
  },
  seal: { summary: "Seal a text or a file to one organisation.", load: () => import("./seal.ts") },
  open: { summary: "Open what was sealed to you.", load: () => import("./open.ts") },
  "audit export": {
    summary: "Take your own audit chain out into a file.",
    load: () => import("./audit-export.ts"),
  },
  "audit verify": {
    summary: "Check an audit chain that was taken out, offline.",
    load: () => import("./audit-verify.ts"),
  },
  "documents add": {
    summary: "Register documents, for a node that answers no others.",
    load: () => import("./documents-add.ts"),
  },
  "documents check": {
    summary: "Hold the registered documents against this version's schema.",
    load: () => import("./documents-check.ts"),
  },
  "import hmis": {
    summary: "Read shelters and beds from HUD HMIS CSV.",
    load: () => import("./import-hmis.ts"),
  },
  "import hsds": {
    summary: "Read shelters and beds from Open Referral HSDS 3.1.",
    load: () => import("./import-hsds.ts"),
  },
  "import missions": {
    summary: "Read drafts of consulate contacts from a list of diplomatic missions.",
    load: () => import("./import-missions.ts"),
  },
  "settle restore": {
    summary: "Make a database safe that was restored from a backup, before it is served.",
    load: () => import("./settle-restore.ts"),
  },
  "settle node-key": {
    summary: "Let a new node key take the place of one that was lost or stolen.",
    load: () => import("./settle-node-key.ts"),
  },
  ...Object.fromEntries(
    Object.entries({
      ...ADMINISTRATION_COMMANDS,
      ...CLIENT_COMMANDS,
      ...KEY_COMMANDS,
    }).map(([name, entry]) => [
      name,
      {
        summary: entry.summary,
        load: async () => (await import("./administer.ts")).administer(name, entry),
      },
    ]),
  ),
};

function help(): string {
  const names = Object.keys(COMMANDS);
  const width = Math.max(...names.map((name) => name.length));
  const lines = names.map((name) => `  ${name.padEnd(width)}  ${COMMANDS[name]!.summary}`);
  return [
    "usage: wayhouse <command> [options]      in a clone: npm run --silent wayhouse -- <command> [options]",
    "",
    ...lines,
    "",
    "<command> --help tells its options. Every command has --json: standard output is then one line of JSON.",
    "Exit codes: 0 done; 1 done, but for what the report names; 2 nothing could be done, or not to its end.",
    "",
    "Next, on an empty network: docs/administration-day.md. With the demo: wayhouse org list --organisation coordinator",
  ].join("\n");
}

/** Each with what its exit codes say. */
export const describeCommands = () =>
  Promise.all(
    Object.entries(COMMANDS).map(async ([name, entry]) => {
      return { name, summary: entry.summary, ...(await entry.load()) };
    }),
  );

/** Its help, as --help prints it. */
function helpOn({ usage, exits }: Command): string {
  const codes = Object.entries(exits).map(([code, says]) => `${code} ${says}`);
  return `${usage}\n\nExit codes: ${codes.join("; ")}.`;
}

/** Runs what was typed after `wayhouse`. */
export async function runCommand(args: readonly string[]): Promise<ExitCode> {
  const name = Object.keys(COMMANDS).find((known) =>
    known.split(" ").every((word, at) => args[at] === word),
  );
  const asksForHelp = args.some((arg) => arg === "--help" || arg === "-h");
  if (name === undefined) {
    if (asksForHelp) console.log(help());
    else console.error(`${args.length > 0 ? "There is no such command.\n" : ""}${help()}`);
    return asksForHelp ? 0 : 2;
  }
  const command = await COMMANDS[name]!.load();
  if (asksForHelp) {
    console.log(helpOn(command));
    return 0;
  }
  try {
    return await command.run(args.slice(name.split(" ").length));
  } catch (error) {
    complain(messageOf(error));
    return 2;
  }
}

/** Each is a sentence of ours that says what to do. */
const TOLD = [ConfigError, RegistryError, Stop];

/** A fault of ours tells where it is. */
function messageOf(error: unknown): string {
  if (error instanceof CallFailed) return adviceOn(error);
  if (TOLD.some((known) => error instanceof known)) return (error as Error).message;
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
