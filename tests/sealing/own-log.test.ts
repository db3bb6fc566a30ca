import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Given } from "../../src/cli/administration-entry.ts";
import { publication, retirement } from "../../src/cli/key-statements.ts";
import type { Named } from "../../src/cli/named.ts";
import {
  hashKeyLogEntry,
  type KeyLogEntry,
  thumbprintOf,
  verifyKeyStatement,
} from "../../src/sealing/index.ts";
import { ed25519, p256 } from "../support/sealing.ts";

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "wayhouse-own-log-"))));
afterEach(() => rmSync(folder, { recursive: true }));
const file = (name: string) => join(folder, name);
const keyIn = (name: string, key: object) =>
  writeFileSync(file(name), JSON.stringify(key), { mode: 0o600 });

/** An owner with its keys, and a server that shows of its log what it likes. */
async function owner() {
  const identity = ed25519();
  keyIn("identity.json", identity);
  for (const name of ["first", "second"]) keyIn(name, p256());
  const thumbprint = await thumbprintOf(identity);
  const log: KeyLogEntry[] = [];
  let shown = log;
  const named = {
    own: "me",
    ownIdentity: thumbprint,
    async *keyLog() {
      yield* shown;
    },
  } as unknown as Named;
  const given = (name: string, options: object = {}): Given => ({
    words: [file(name)],
    options: { organisation: folder, use: "seal", ...options },
  });
  return {
    show: (entries: KeyLogEntry[]) => void (shown = entries),
    log,
    publish: async (...typed: Parameters<typeof given>) =>
      (await publication(given(...typed), named)).input.statement,
    retire: async (...typed: Parameters<typeof given>) =>
      (await retirement(given(...typed), named)).input.statement,
    /** What an honest server does with a statement. */
    append: async (statement: string, to = log) => {
      const said = await verifyKeyStatement(statement, identity);
      const { sequence, kid, change, previousHash } = said;
      const entry = { sequence, kid, change, statement, previousHash };
      to.push({ ...entry, hash: await hashKeyLogEntry(thumbprint, entry) });
    },
  };
}

it("no second statement is signed for a place, though the server shows less of the log", async () => {
  const { publish, retire, append, log, show } = await owner();
  const first = await publish("first");
  await append(first);
  await append(await publish("second"));
  const retired = await retire("first");
  expect(statSync(file("identity.json.log")).mode & 0o777).toBe(0o600);
  await append(retired);
  show(log.slice(0, 2));
  keyIn("third", p256());
  await expect(publish("third")).rejects.toThrow("RETIRED, as entry 3");
  show(log.slice(0, 1));
  await expect(publish("third")).rejects.toThrow("LOG_ROLLED_BACK");
  show([]);
  await expect(publish("third")).rejects.toThrow("LOG_ROLLED_BACK");
});

it("nothing is signed that an honest server refuses: its place would be taken", async () => {
  const { publish, append } = await owner();
  await expect(publish("identity.json")).rejects.toThrow("no sound key to seal");
  await expect(publish("identity.json", { use: "sign" })).rejects.toThrow("KEY_REUSED");
  await append(await publish("first"));
  await append(await publish("second"));
  await expect(publish("first")).rejects.toThrow("is published already");
  expect(await publish("second")).toContain(".");
});

it("what was signed is sent again to the byte, whether it has come there or not", async () => {
  const { publish, append, log } = await owner();
  const first = await publish("first");
  expect(await publish("first")).toBe(first);
  await append(first);
  expect(await publish("first")).toBe(first);
  await append(await publish("second"));
  expect(log.map(({ sequence }) => sequence)).toEqual([1, 2]);
});

it("another is signed for the place of one that was refused only where its owner says so, and never beside both", async () => {
  const { publish, append, log, show } = await owner();
  const refused = await publish("first");
  await expect(publish("second")).rejects.toThrow("--instead true");
  const instead = await publish("second", { instead: "true" });
  const forked: KeyLogEntry[] = [];
  await append(refused, forked);
  show(forked);
  await expect(publish("first")).rejects.toThrow("LOG_FORKED");
  show(log);
  await append(instead);
  await append(await publish("first"));
  expect(log).toHaveLength(2);
});
