import { readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { runBot, type Work } from "../../examples/handoff-bot/bot.ts";
import { botFolder } from "../support/bot-kept.ts";

const PARTNER = "p".repeat(43);
const [FIRST, SECOND] = ["a".repeat(43), "b".repeat(43)] as const;
const { path, open, fileOf, unreceived } = botFolder();
const text = (content: string) => new TextEncoder().encode(content);

describe("what the bot keeps", () => {
  it("is never kept elsewhere, whatever the server says that it is called", async () => {
    const key = path("seal.json");
    writeFileSync(key, "the sealing key");
    const store = open("../../seal.json");
    for (const [id, digest] of [["../../seal", FIRST] as const, ["h", "/../../seal"] as const]) {
      expect(() => store.takeFile(id, digest)).toThrow("no name");
      await expect(store.keepFile(id, digest, new Uint8Array())).rejects.toThrow("no name");
    }
    expect(() => store.dropFile("../../seal")).toThrow("no name");
    await expect(store.load("../../seal.json")).rejects.toThrow("no name");
    expect(readFileSync(key, "utf8")).toBe("the sealing key");
  });

  it("is one file of a handoff: the last that was read, until one was received, and then that one", async () => {
    const store = open();
    await store.keepFile("h", FIRST, text("the station by noon"));
    await store.keepFile("h2", FIRST, text("another case"));
    await store.keepFile("h", SECOND, text("the harbour at dusk"));
    expect((await unreceived()).toSorted()).toEqual(["another case", "the harbour at dusk"]);
    expect(store.takeFile("h", SECOND)).toBe(true);
    expect(await fileOf("h")).toBe("the harbour at dusk");
    expect(store.takeFile("h", SECOND)).toBe(true);
    expect([store.hasFile("h"), store.dropFile("h")]).toEqual([true, false]);
    expect(await unreceived()).toEqual(["another case"]);
  });

  it("is nothing that another was received instead of, and nothing is missed where nothing was read", async () => {
    const store = open();
    await store.keepFile("h", FIRST, text("the station by noon"));
    expect(store.takeFile("h", SECOND)).toBe(false);
    expect([await fileOf("h"), await unreceived()]).toEqual([undefined, []]);
    expect(store.takeFile("h", SECOND)).toBe(true);
    expect(store.hasFile("h")).toBe(false);
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
  return {
    client: { run, all, events } as never,
    partners: {
      openFrom: async (_: string, { envelope }: { envelope: string }) => ({
        content: text(envelope),
      }),
      sealTo: async () => "an envelope",
    } as never,
    store: open(PARTNER),
    rules: { countries: [], mostPeople: 0, needs: [], priorities: [] },
    instructions: { Pomegranate: "Ring twice." },
    tell: () => {},
    lookAgainMs: 60_000,
  };
}

describe("the bot", () => {
  it("drops no file that it has received, whatever the server says of the handoff", async () => {
    const sender = { id: "them", identityThumbprint: PARTNER };
    const recipient = { id: "me" };
    for (const receivedDigest of [FIRST, SECOND, null]) {
      const node = { __typename: "Handoff", id: "h", status: "CANCELLED", sender, recipient };
      const work = workOn({ Handoff: { node: { ...node, receivedDigest } } }, { Handoffs: ["h"] });
      await work.store.keepFile("h", FIRST, text("the station by noon"));
      work.store.takeFile("h", FIRST);
      await expect(runBot(work)).rejects.toThrow("over");
      expect(await fileOf("h")).toBe("the station by noon");
    }
  });

  async function toldOf(
    instructionsDigest: string | null,
    instructionsKeyRetiredAt: string | null,
  ) {
    const hold = {
      __typename: "BedHold",
      status: "CONFIRMED",
      host: { id: "me" },
      holder: { id: "them", identityThumbprint: PARTNER },
      stays: [{ shelter: { label: "Pomegranate" } }],
      instructionsDigest,
      instructionsKeyRetiredAt,
    };
    const SendInstructions = { sendInstructions: { __typename: "BedHold" } };
    const work = workOn({ BedHold: { node: hold }, SendInstructions }, { BedHolds: ["b"] });
    const told: string[] = [];
    const tell = (line: string) => void told.push(line);
    await expect(runBot({ ...work, tell })).rejects.toThrow("over");
    return told;
  }

  it("instructs whoever confirmed beds before the first event that is kept", async () => {
    expect(await toldOf(null, null)).toEqual(["instructed b"]);
    expect(await toldOf(FIRST, null)).toEqual([]);
  });

  it("tells people of instructions that their holder may not be able to open", async () => {
    expect(await toldOf(FIRST, "2026-03-01T12:00:00Z")).toEqual([
      "b is left to people: its instructions are sealed to a key that was retired",
    ]);
  });
});
