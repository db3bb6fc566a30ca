import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { runBot, type Work } from "../../examples/handoff-bot/bot.ts";
import { readOwnKey } from "../../examples/handoff-bot/keys.ts";
import { botFolder } from "../support/bot-kept.ts";
import { p256 } from "../support/sealing.ts";

const PARTNER = "p".repeat(43);
const [FIRST, SECOND] = ["a".repeat(43), "b".repeat(43)] as const;
const HALF = '{"kty":"OKP","d":"c2VjcmV0';
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

const THEM = { id: "them", identityThumbprint: PARTNER };
/** What an honest server tells of either. */
const HANDOFF = {
  __typename: "Handoff",
  id: "h",
  status: "CANCELLED",
  sender: THEM,
  recipient: { id: "me" },
  needs: ["SHELTER"],
  riskProfile: "JOURNALIST",
  party: { adults: 2, children: 0 },
  priority: "URGENT",
  destinations: ["AM"],
  windowStart: "2026-03-01",
  windowEnd: "2026-03-03",
  acknowledgedAt: null,
  caseReference: null,
  receivedDigest: null,
};
const HOLD = {
  __typename: "BedHold",
  id: "b",
  status: "CONFIRMED",
  host: { id: "me" },
  holder: THEM,
  stays: [{ shelter: { label: "Pomegranate" } }],
  instructionsDigest: null,
  instructionsKeyRetiredAt: null,
};

/** Answers each operation by its name, of an object by its id where there are several; events come to their end, as a test must. */
function workOn(answers: Record<string, unknown>, lists: Record<string, string[]>): Work {
  const nameOf = (document: string) => /(?:query|mutation) (\w+)/.exec(document)![1]!;
  const run = async (document: string, variables?: { id?: string }) =>
    answers[`${nameOf(document)} ${variables?.id}`] ?? answers[nameOf(document)];
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
    for (const receivedDigest of [FIRST, SECOND, null]) {
      const node = { ...HANDOFF, receivedDigest };
      const work = workOn({ Handoff: { node } }, { Handoffs: ["h"] });
      await work.store.keepFile("h", FIRST, text("the station by noon"));
      work.store.takeFile("h", FIRST);
      await expect(runBot(work)).rejects.toThrow("over");
      expect(await fileOf("h")).toBe("the station by noon");
    }
  });

  async function toldBy(work: Work): Promise<string[]> {
    const told: string[] = [];
    const tell = (line: string) => void told.push(line);
    await expect(runBot({ ...work, tell })).rejects.toThrow("over");
    return told;
  }

  async function toldOf(
    instructionsDigest: string | null,
    instructionsKeyRetiredAt: string | null,
    label = "Pomegranate",
  ) {
    const stays = [{ shelter: { label } }];
    const hold = { ...HOLD, stays, instructionsDigest, instructionsKeyRetiredAt };
    const SendInstructions = { sendInstructions: { __typename: "BedHold" } };
    return toldBy(workOn({ BedHold: { node: hold }, SendInstructions }, { BedHolds: ["b"] }));
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

  /** Told of one thing after another: what it says of the first, which must not keep it from a sound one. */
  async function toldBefore(lists: Record<string, string[]>, answers: Record<string, unknown>) {
    const next = { ...HANDOFF, id: "next", status: "REQUESTED", recipient: null };
    const done = { rejectHandoff: { __typename: "Handoff" } };
    const sound = { "Handoff next": { node: next }, RejectHandoff: done };
    const told = await toldBy(workOn({ ...sound, ...answers }, lists));
    expect(told).toContain("declined next");
    return told.filter((line) => line !== "declined next");
  }
  const odd = [undefined, null, 7, "?", [], {}, [null], { id: 7 }, { adults: 1, children: null }];
  const left = (id: string, of: string) => [
    `${id} is left to people: What the server answers is no ${of}.`,
  ];

  it("leaves each handoff of which the server says what makes no sense to people, and goes on", async () => {
    const answers: Record<string, unknown> = { HandoffEnvelope: {} };
    const lists: Record<string, string[]> = { Handoffs: [] };
    const unsound: string[] = [];
    for (const status of ["REQUESTED", "ACCEPTED", "IN_PROGRESS", "CANCELLED"])
      for (const member of Object.keys(HANDOFF))
        for (const [index, value] of odd.entries()) {
          const id = `${status}-${member}-${index}`;
          answers[`Handoff ${id}`] = { node: { ...HANDOFF, id, status, [member]: value } };
          lists["Handoffs"]!.push(id);
          if (["id", "sender", "party"].includes(member)) unsound.push(id);
        }
    lists["Handoffs"]!.push("next");
    const told = await toldBefore(lists, answers);
    const expected = unsound.flatMap((id) => left(id, "handoff"));
    expect(told.filter((line) => /^\S+-(?:id|sender|party)-/.test(line))).toEqual(expected);
  });

  it("leaves a hold to people, a step, a list or an envelope that makes no sense, and goes on", async () => {
    const holds = { Handoffs: ["next"], BedHolds: ["b"] };
    for (const member of ["stays", "host", "holder"])
      for (const value of odd.filter((one) => !Array.isArray(one) || one.length > 0)) {
        const node = { ...HOLD, [member]: value };
        expect(await toldBefore(holds, { BedHold: { node } })).toEqual(left("b", "hold"));
      }
    const unsaid = { BedHold: { node: HOLD }, SendInstructions: { sendInstructions: null } };
    expect(await toldBefore(holds, unsaid)).toEqual(left("b", "outcome of a step"));
    const one = { Handoffs: ["h", "next"] };
    const accepted = { Handoff: { node: { ...HANDOFF, status: "ACCEPTED" } } };
    const sealed = { node: { __typename: "Handoff", envelope: {} } };
    const envelope = await toldBefore(one, { ...accepted, HandoffEnvelope: sealed });
    expect(envelope).toEqual(left("h", "envelope"));
    const long = { Handoffs: ["/".repeat(100_000), "next"] };
    expect(await toldBefore(long, {})).toEqual(left("What has no name", "name"));
  });

  it("leaves another handoff than it asked for, or a list of beds that is none, to people", async () => {
    const requested = { ...HANDOFF, status: "REQUESTED", recipient: null };
    const other = await toldBefore({ Handoffs: ["other", "next"] }, { Handoff: { node: HANDOFF } });
    expect(other).toEqual(left("other", "handoff"));
    const matches = { node: { __typename: "Handoff", matches: { beds: null } } };
    const answers = { Handoff: { node: requested }, HandoffMatches: matches };
    const work = workOn(answers, { Handoffs: ["h"] });
    const rules = { countries: ["AM"], mostPeople: 2, needs: ["SHELTER"], priorities: ["URGENT"] };
    expect(await toldBy({ ...work, rules })).toEqual(left("h", "list of beds"));
  });

  it.each([
    ["a private key that others can read", "keys/sign.json", HALF, /read by others: chmod 600/],
    ["a configuration that is none", "bot.yaml", "Pomegranate: {after dusk", /YAMLParseError/],
    ["one that does not say who it is", "bot.yaml", "organisation: {}", /must name the identity/],
  ])("ends at %s, and quotes nothing of it", (_, name, content, why) => {
    const organisation = { identity: PARTNER, signingKey: "keys/sign.json", sealingKeys: [] };
    mkdirSync(path("keys"));
    writeFileSync(path("bot.yaml"), JSON.stringify({ node: {}, organisation, folder: "kept" }));
    writeFileSync(path(name), content, { mode: 0o640 });
    const source = ["--conditions=wayhouse-source", "--import", "tsx"];
    const bot = [...source, "examples/handoff-bot/main.ts", path("bot.yaml")];
    const { status, stdout, stderr } = spawnSync(process.execPath, bot, { encoding: "utf8" });
    expect([status, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(why);
    expect(stderr).not.toMatch(/c2VjcmV0|after dusk/);
  });

  it("takes a key that its owner alone can read, and quotes nothing of half of one", () => {
    const key = p256();
    for (const [mode, content] of [
      [0o600, JSON.stringify(key)],
      [0o400, HALF],
    ] as const)
      writeFileSync(path(`${mode}`), content, { mode });
    expect(readOwnKey(path(`${0o600}`))).toEqual(key);
    const half = path(`${0o400}`);
    expect(() => readOwnKey(half)).toThrow(new Error(`${half} holds no JSON Web Key.`));
  });

  it("tells people of instructions that their holder may not be able to open", async () => {
    expect(await toldOf(FIRST, "2026-03-01T12:00:00Z")).toEqual([
      "b is left to people: its instructions are sealed to a key that was retired",
    ]);
  });
});
