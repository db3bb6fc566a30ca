import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
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

  it("is all that was received: what the server says again comes beside it, never over it", async () => {
    const store = open();
    await store.keepFile("h", FIRST, text("the corrected file"));
    store.takeFile("h", FIRST);
    await store.keepFile("h", SECOND, text("an earlier one, shown again"));
    expect(store.takeFile("h", SECOND)).toBe(true);
    expect(await fileOf("h")).toBe("the corrected file");
    expect(await fileOf(`h.${SECOND}`)).toBe("an earlier one, shown again");
  });

  it("is nothing half written: what a former life was at is gone, and was never read", () => {
    open();
    const half = path(`kept/unreceived/h.${FIRST}.jwe.new`);
    writeFileSync(half, "eyJhbGci");
    const store = open();
    expect(existsSync(half)).toBe(false);
    expect([store.hasFile("h"), store.takeFile("h", SECOND)]).toEqual([false, true]);
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
    label = "Pomegranate",
  ) {
    const hold = {
      __typename: "BedHold",
      status: "CONFIRMED",
      host: { id: "me" },
      holder: { id: "them", identityThumbprint: PARTNER },
      stays: [{ shelter: { label } }],
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

  it.each(["constructor", "__proto__", "toString"])(
    "has no instructions for a shelter named %s unless somebody wrote some",
    async (label) => {
      expect(await toldOf(null, null, label)).toEqual([`no instructions for ${label}`]);
    },
  );

  it("tells what the server said in one line, that moves no cursor, of a length that is read", async () => {
    const forged = "\u001b[2Jb\u009b1A\r\nreceived h\u202e\u2028";
    const [line] = await toldOf(null, null, `${forged}${"x".repeat(100_000)}`);
    expect(line).toMatch(/^no instructions for \?\[2Jb\?1A\?\?received h\?\?x+…$/);
    expect(line!.length).toBeLessThan(3_000);
  });

  it.each([
    ["a key of which half is there", "keys/sign.json", '{"kty":"OKP","d":"c2VjcmV0'],
    ["a configuration that is none", "bot.yaml", "instructions: {Pomegranate: come after dusk"],
  ])("ends at %s, and quotes nothing of it", (_, name, half) => {
    const organisation = { signingKey: "keys/sign.json", sealingKeys: [] };
    mkdirSync(path("keys"));
    writeFileSync(path("bot.yaml"), JSON.stringify({ node: {}, organisation, folder: "kept" }));
    writeFileSync(path(name), half);
    const source = ["--conditions=wayhouse-source", "--import", "tsx"];
    const bot = [...source, "examples/handoff-bot/main.ts", path("bot.yaml")];
    const { status, stdout, stderr } = spawnSync(process.execPath, bot, { encoding: "utf8" });
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/holds no JSON Web Key|YAMLParseError/);
    expect(stderr).not.toMatch(/c2VjcmV0|after dusk/);
  });

  it("tells people of instructions that their holder may not be able to open", async () => {
    expect(await toldOf(FIRST, "2026-03-01T12:00:00Z")).toEqual([
      "b is left to people: its instructions are sealed to a key that was retired",
    ]);
  });
});
