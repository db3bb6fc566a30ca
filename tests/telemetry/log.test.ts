import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { Unavailable } from "../../src/kernel/errors.ts";
import { rowsOf } from "../../src/platform/db/pipeline.ts";
import { createPool, onClient, reportOutages } from "../../src/platform/db/pool.ts";
import { createLog, faultOf, type Log } from "../../src/platform/telemetry/log.ts";
import { freePort } from "../support/ports.ts";

const CANARY = "canary-8c1f";
function lines(level: "info" | "warn" | "error" = "info", format: "json" | "text" = "json") {
  const written: string[] = [];
  const log = createLog({ format, level, write: (line) => void written.push(line) });
  return { log, written };
}
/** A caller that TypeScript does not check. */
const unchecked = (log: Log) => log as (event: string, fields: object) => void;

describe("a log", () => {
  it("is one JSON object a line, of the event's own fields", () => {
    const { log, written } = lines();
    log("migrated", { migration: "0001_create_context.sql" });
    expect(JSON.parse(written[0]!)).toEqual({
      at: expect.stringMatching(/^\d{4}-.*Z$/),
      level: "info",
      event: "migrated",
      migration: "0001_create_context.sql",
    });
  });

  it("is a short line for somebody who watches", () => {
    const { log, written } = lines("info", "text");
    log("draining", { signal: "SIGTERM", mostSeconds: 25 });
    expect(written).toEqual(["draining signal=SIGTERM mostSeconds=25"]);
  });

  it("leaves out what is below its level", () => {
    const { log, written } = lines("warn");
    log("stopped", {});
    log("embedded_database_restarted", {});
    expect(written.join()).toMatch(/restarted/);
    expect(written).toHaveLength(1);
  });

  it("takes no field that its event has not, and no event that is not listed", () => {
    const { log, written } = lines();
    unchecked(log)("stopped", { token: CANARY, message: CANARY });
    expect(written.join()).not.toContain(CANARY);
    expect(() => unchecked(log)("request", { token: CANARY })).toThrow(TypeError);
  });

  it.each([
    ["a sentence", `failed for ${CANARY}`],
    ["a second line", `SIGTERM\n${CANARY}`],
    ["an object", { toString: (): string => "SIGTERM", text: CANARY }],
    ["an array", ["SIGTERM", CANARY]],
  ])("withholds a value that is %s where its field is a signal", (_, signal) => {
    const { log, written } = lines();
    unchecked(log)("draining", { signal });
    expect(written[0]).toContain("(withheld)");
    expect(written[0]).not.toContain(CANARY);
  });
});

describe("of an error the log has", () => {
  const told = (error: unknown) => {
    const { log, written } = lines();
    log("request_failed", faultOf(error));
    return written[0]!;
  };

  it("class, code, constraint and frames, never the message", () => {
    const cause = Object.assign(new Error(`Key (label)=(${CANARY}) already exists.`), {
      code: "23505",
      constraint: "a_label_names_one_shelter_of_its_owner",
      routine: "_bt_check_unique",
      detail: CANARY,
    });
    const line = told(new Unavailable({ cause }));
    expect(JSON.parse(line)).toMatchObject({
      error: "Unavailable",
      code: "23505",
      constraint: "a_label_names_one_shelter_of_its_owner",
      routine: "_bt_check_unique",
      frames: expect.stringContaining("tests/telemetry/log.test.ts:"),
    });
    expect(line).not.toContain(CANARY);
  });

  it("frames also where the program's folder has spaces and other letters", () => {
    const root = mkdtempSync(join(tmpdir(), "wayhouse ünter "));
    try {
      const copy = join(root, "src/platform/telemetry/log.ts");
      mkdirSync(dirname(copy), { recursive: true });
      copyFileSync("src/platform/telemetry/log.ts", copy);
      writeFileSync(join(root, "package.json"), '{ "type": "module" }');
      const probe = join(root, "probe.ts");
      const text = `import { faultOf } from "./src/platform/telemetry/log.ts";
        console.log(faultOf(new Error("x")).frames);`;
      writeFileSync(probe, text);
      const told = execFileSync(process.execPath, ["--import", "tsx", probe], { encoding: "utf8" });
      expect(told).toMatch(/^\S* ?probe\.ts:\d+:\d+/);
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  it("no line of a message that is written like frames, nor of one that was changed later", () => {
    const forged = `x\n    at ${CANARY} (src/a.ts:1:1)\n    at src/${CANARY}.ts:1:1`;
    expect(told(new Error(forged))).not.toContain(CANARY);
    const changed = new Error(forged);
    changed.message = "another";
    expect(told(changed)).not.toContain(CANARY);
  });

  it.each([CANARY, null, { message: CANARY, stack: `\n    at ${CANARY} (a:1:1)` }])(
    "nothing, if it is none: %j",
    (thrown) => {
      expect(JSON.parse(told(thrown))).toMatchObject({ error: "Unknown" });
      expect(told(thrown)).not.toContain(CANARY);
    },
  );

  it("nothing of a class, code or constraint that is written by somebody else", () => {
    const error = Object.assign(new Error(""), {
      code: `${CANARY} x`,
      constraint: `${CANARY}"`,
      routine: CANARY,
    });
    expect(told(error)).not.toContain(CANARY);
  });
});

it("tells of an outage of the database by its code, once in a while and not for each call", async () => {
  const { log, written } = lines();
  const pool = createPool({ url: `postgres://api@127.0.0.1:${await freePort()}/${CANARY}`, log });
  reportOutages(pool, log);
  const ask = () => onClient(pool, (client) => rowsOf(client, "select 1"));
  for (const _ of [1, 2, 3]) await expect(ask()).rejects.toThrow(Unavailable);
  await pool.end();
  await expect(ask()).rejects.toThrow(Unavailable);
  expect(written.map((line) => JSON.parse(line) as object)).toEqual([
    expect.objectContaining({ event: "database_unavailable", code: "ECONNREFUSED", level: "warn" }),
  ]);
});
