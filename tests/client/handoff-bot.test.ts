import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compactDecrypt, importJWK } from "jose";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { runBot, type Work } from "../../examples/handoff-bot/bot.ts";
import { openStore } from "../../examples/handoff-bot/store.ts";
import { p256 } from "../support/sealing.ts";

const PARTNER = "p".repeat(43);
const archive = p256();
let folder: string;
const open = (...compared: string[]) => {
  const { d: _, ...archiveKey } = archive;
  return openStore(join(folder, "kept"), archiveKey, compared);
};
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "wayhouse-bot-"))));
afterEach(() => rmSync(folder, { recursive: true }));

describe("what the bot keeps", () => {
  it("is never kept elsewhere, whatever the server says that it is called", async () => {
    const key = join(folder, "seal.json");
    writeFileSync(key, "the sealing key");
    const store = open("../../seal.json");
    expect(() => store.keepSent("../../seal.json")).toThrow("no name");
    expect(() => store.hasSent("../../seal.json")).toThrow("no name");
    await expect(store.keepFile("../../seal", new Uint8Array())).rejects.toThrow("no name");
    await expect(store.load("../../seal.json")).rejects.toThrow("no name");
    expect(readFileSync(key, "utf8")).toBe("the sealing key");
  });

  it("is no pin of a partner that was struck off the list", async () => {
    const pin = { identityThumbprint: PARTNER, lastSequence: 2, lastHash: "a".repeat(64) };
    await open(PARTNER).save(pin);
    expect(await open(PARTNER).load(PARTNER)).toEqual(pin);
    expect(await open().load(PARTNER)).toBeNull();
  });
});

/** Answers each operation by its name; events come to their end, as a test must. */
function workOn(answers: Record<string, unknown>, lists: Record<string, string[]>): Work {
  const nameOf = (document: string) => /(?:query|mutation) (\w+)/.exec(document)![1]!;
  const run = async (document: string) => answers[nameOf(document)];
  async function* all(document: string) {
    for (const id of lists[nameOf(document)] ?? []) yield { id };
  }
  const events = () => {
    throw new Error("over");
  };
  const me = { organisation: { id: "me" } };
  answers["Viewer"] = { viewer: me };
  const read = (text: string) => new TextEncoder().encode(text);
  return {
    client: { run, all, events } as never,
    partners: {
      openFrom: async (_: string, { envelope }: { envelope: string }) => ({
        content: read(envelope),
      }),
      sealTo: async () => "an envelope",
    } as never,
    store: open(PARTNER),
    rules: { countries: [], mostPeople: 0, needs: [], priorities: [] },
    instructions: { Pomegranate: "Ring twice." },
    tell: () => {},
  };
}

describe("the bot", () => {
  it("keeps the file that the sender put in the place of one that was opened and not yet received", async () => {
    const handoff = {
      __typename: "Handoff",
      id: "h",
      status: "ACCEPTED",
      sender: { id: "them", identityThumbprint: PARTNER },
      recipient: { id: "me" },
    };
    const work = workOn(
      {
        Handoff: { node: handoff },
        HandoffEnvelope: { node: { __typename: "Handoff", envelope: "the station by noon" } },
        ReceiveHandoff: { receiveHandoff: { __typename: "Handoff" } },
      },
      { Handoffs: ["h"] },
    );
    await work.store.keepFile("h", new TextEncoder().encode("the harbour at dusk"));
    await expect(runBot(work)).rejects.toThrow("over");
    const kept = readFileSync(join(folder, "kept", "files", "h.jwe"), "utf8");
    const { plaintext } = await compactDecrypt(kept, await importJWK(archive, "ECDH-ES+A256KW"));
    expect(new TextDecoder().decode(plaintext)).toBe("the station by noon");
  });

  it("instructs whoever confirmed beds before the first event that is kept", async () => {
    const hold = {
      __typename: "BedHold",
      status: "CONFIRMED",
      host: { id: "me" },
      holder: { id: "them", identityThumbprint: PARTNER },
      stays: [{ shelter: { label: "Pomegranate" } }],
    };
    const work = workOn({ BedHold: { node: hold }, SendInstructions: {} }, { BedHolds: ["b"] });
    await expect(runBot(work)).rejects.toThrow("over");
    expect(work.store.hasSent("b")).toBe(true);
  });
});
