import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { run } from "../../src/cli/audit-verify.ts";
import { Stop } from "../../src/cli/command.ts";
import { type Demo, startDemo } from "../support/demo.ts";
import { hold, moveHold, shelter, stay } from "../support/holds.ts";
import { wayhouse } from "../support/wayhouse.ts";

let demo: Demo;
beforeAll(async () => {
  demo = await startDemo();
});
afterAll(async () => {
  await demo.stop();
});
const ask: Demo["ask"] = (...call) => demo.ask(...call);
const file = (name: string) => join(demo.dataDir, name);
const takeOut = (organisation: string, name: string, ...rest: string[]) => {
  const where = ["--organisation", organisation, "--out", file(name), "--url", demo.url];
  return wayhouse(demo, "audit", "export", ...where, ...rest);
};
const verify = (name: string, ...rest: string[]) =>
  wayhouse(demo, "audit", "verify", file(name), ...rest);

describe("an organisation's audit on the command line", () => {
  it("is exported over the API, verified offline, and goes on from what was kept", async () => {
    const exported = await takeOut("harbour", "first.jsonl");
    expect(exported).toMatchObject({ code: 0, stdout: "" });
    const nodeKey = /node key ([\w-]{43})/.exec(exported.stderr)![1]!;
    const unpinned = await verify("first.jsonl", "--keep", file("pin.json"));
    expect(unpinned).toMatchObject({ code: 0, stderr: "" });
    expect(unpinned.stdout).toContain(`${nodeKey} was not compared`);

    const placed = await hold(ask, "lantern", [stay(await shelter(ask, "Pomegranate"), 2)]);
    await moveHold(ask, "lantern", "confirmBedHold", placed.data["holdBeds"].id as string);
    await takeOut("harbour", "second.jsonl", "--node-key", nodeKey);
    await takeOut("lantern", "other.jsonl");
    const pins = ["--node-key", nodeKey, "--checkpoint", file("pin.json")];
    const against = ["--against", file("other.jsonl")];
    const held = await verify("second.jsonl", ...pins, ...against);
    expect(held).toMatchObject({ code: 0, stderr: "" });
    expect(held.stdout).toMatch(/^\d+ entries of [0-9a-f-]{36} hold, as signed at \S+Z\.\n$/);
  });

  it("puts no older checkpoint in the place of a newer one, and none in that of another file", async () => {
    const keeping = ["--keep", file("newest.json")];
    expect(await verify("second.jsonl", ...keeping)).toMatchObject({ code: 0 });
    const newest = readFileSync(file("newest.json"), "utf8");
    const older = await verify("first.jsonl", ...keeping);
    expect(older).toMatchObject({ code: 1, stdout: expect.stringMatching(/^STALE_CHECKPOINT: /) });
    expect(readFileSync(file("newest.json"), "utf8")).toBe(newest);
    const evidence = readFileSync(file("first.jsonl"), "utf8");
    const mistaken = await verify("second.jsonl", "--keep", file("first.jsonl"));
    expect(mistaken).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("holds no checkpoint"),
    });
    expect(readFileSync(file("first.jsonl"), "utf8")).toBe(evidence);
  });

  it("names what was done to a file, and keeps nothing of it", async () => {
    const lines = readFileSync(file("second.jsonl"), "utf8").trimEnd().split("\n");
    writeFileSync(
      file("edited.jsonl"),
      lines.join("\n").replace("confirmBedHold", "releaseBedHold"),
    );
    const edited = await verify("edited.jsonl", "--keep", file("never.json"));
    expect(edited).toMatchObject({ code: 1, stderr: "" });
    expect(edited.stdout).toMatch(/^EDITED: Entry \d+ is not what its hash was taken of\.\n$/);
    expect(existsSync(file("never.json"))).toBe(false);
    const stale = await verify("first.jsonl", "--signed-since", "2100-01-01T00:00:00Z");
    expect(stale.stdout).toMatch(/^STALE_CHECKPOINT: /);
    const swapped = await verify("second.jsonl", "--node-key", "A".repeat(43));
    expect(swapped.stdout).toMatch(/^KEY_SWAPPED: /);
  });

  it.each<[string, () => string[], RegExp]>([
    ["without a file", () => [], /It takes <file>/],
    ["on a file that is not there", () => [file("none")], /cannot be read \(ENOENT\)/],
    ["on what is no export", () => [file("pin.json")], /line 1 belongs to none/],
    [
      "where the checkpoint cannot be kept",
      () => [file("first.jsonl"), "--keep", file("none/pin.json")],
      /cannot be written \(ENOENT\)/,
    ],
    [
      "on what is no checkpoint",
      () => [file("first.jsonl"), "--checkpoint", file("first.jsonl")],
      /holds no checkpoint/,
    ],
    [
      "on what is no moment",
      () => [file("first.jsonl"), "--signed-since", "yesterday"],
      /must be RFC 3339/,
    ],
  ])("stops with a sentence %s", async (_, args, sentence) => {
    await expect(run(args())).rejects.toThrow(Stop);
    await expect(run(args())).rejects.toThrow(sentence);
  });

  it("does not write over a file", async () => {
    const { code, stderr } = await takeOut("harbour", "first.jsonl");
    expect(stderr).toMatch(/first.jsonl is there already/);
    expect(code).toBe(2);
  });

  it.each<[string, (told: string) => string, string]>([
    [
      "the node's key",
      (told) => told.replace(/"nodeKey":\{[^}]*\}/, '"nodeKey":null'),
      "PROTOCOL: What came is no checkpoint with the node's key.\n",
    ],
    [
      "a number of entries that a file can hold",
      (told) => told.replace(/"sequence":\d+,"hash"/, '"sequence":1000001,"hash"'),
      "The chain has more than 1000000 entries: one file cannot hold it.\n",
    ],
    [
      "an entry that is text",
      (told) => told.replace(/"record":"/, '"record":7,"was":"'),
      "PROTOCOL: What came is no audit entry.\n",
    ],
    [
      "an entry that is as short as one",
      (told) => told.replace(/"record":"/, `$&${"x".repeat(1_024)}`),
      "PROTOCOL: What came is no audit entry.\n",
    ],
  ])("is not exported where the server tells it without %s", async (_, changed, sentence) => {
    const { fetch } = globalThis;
    vi.stubGlobal("fetch", async (...call: Parameters<typeof fetch>) => {
      const told = await (await fetch(...call)).text();
      return new Response(changed(told));
    });
    const { code, stderr } = await takeOut("harbour", "none.jsonl");
    vi.unstubAllGlobals();
    expect([code, stderr]).toEqual([2, sentence]);
    expect(existsSync(file("none.jsonl"))).toBe(false);
  });
});
