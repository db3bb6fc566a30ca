import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { JWK } from "jose";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { runBot, type Work } from "../../examples/handoff-bot/bot.ts";
import { createPartners, SealHandoff, SendInstructions } from "../../src/client/index.ts";
import { decodeId } from "../../src/kernel/ids.ts";
import { demoIssuer } from "../../src/platform/auth/demo-keys.ts";
import { thumbprintOf } from "../../src/sealing/index.ts";
import { botFolder } from "../support/bot-kept.ts";
import { effectsOf, instructionsFor } from "../support/bot-sender.ts";
import { AUDIENCE, type Demo, idOf, startDemo } from "../support/demo.ts";
import { accept, meddle, offer, openTo, see, step } from "../support/handoffs.ts";
import { hold, moveHold, shelter, stay } from "../support/holds.ts";
import { retire, sealingKey, state } from "../support/keys.ts";
import { mutate } from "../support/mutate.ts";
import { openDesk } from "../support/partners.ts";
import { asSuperuser } from "../support/postgres.ts";

const { path, open, fileOf, unreceived } = botFolder();

describe("on the network, the bot", () => {
  let demo: Demo;
  let lantern: Awaited<ReturnType<typeof openDesk>>;
  let harbour: Awaited<ReturnType<typeof openDesk>>;
  const ask: Demo["ask"] = (...call) => demo.ask(...call);
  beforeAll(async () => {
    demo = await startDemo();
    lantern = await openDesk(demo, "lantern", ["harbour"]);
    harbour = await openDesk(demo, "harbour", ["lantern"]);
    await openTo(ask, "lantern", ["harbour"]);
  });
  afterAll(() => demo.stop());
  // Each test has a folder of its own: what stood before would be gone over again.
  afterEach(() => meddle(demo, "with h as (delete from handoff) delete from event"));

  const store = () => open(lantern.thumbprint);
  /** Until it has told a line like this; all that it told. */
  async function live(until: RegExp, change: Partial<Work> = {}, over = new AbortController()) {
    const told: string[] = [];
    const tell = (line: string) => {
      told.push(line);
      if (until.test(line)) over.abort();
    };
    const { client, partners } = harbour;
    const rules = { countries: ["AM"], mostPeople: 3, needs: ["SHELTER"], priorities: ["URGENT"] };
    const own = { client, partners, store: store(), rules, instructions: {}, lookAgainMs: 100 };
    const work = { ...own, ...change, tell };
    const { signal } = over;
    await expect(runBot(work, signal)).rejects.toThrow("aborted");
    return told;
  }
  const requested = async () =>
    (await offer(ask, "lantern", ["harbour"])).data["offerHandoff"].id as string;
  async function seal(subject: string, text: string) {
    const what = { subject, content: new TextEncoder().encode(text), days: 1 };
    const envelope = await lantern.partners.sealTo(harbour.thumbprint, what);
    await lantern.client.run(SealHandoff, { input: { id: subject, envelope } });
  }
  const sealed = async () => {
    const id = await requested();
    await live(/^accepted/);
    await seal(id, "the harbour at dusk");
    return id;
  };
  /** What happens once a file is kept, and before it is received. */
  function onceKept(act: (id: string) => Promise<unknown>) {
    let isDone = false;
    const kept = store();
    const keepFile: typeof kept.keepFile = async (id, ...what) => {
      await kept.keepFile(id, ...what);
      if (!isDone) await act(id);
      isDone = true;
    };
    return { store: { ...kept, keepFile } };
  }

  it("keeps the file that was sealed anew between its look and its receipt", async () => {
    const id = await sealed();
    const change = onceKept(() => seal(id, "the station by noon"));
    const told = await live(/^received/, change);
    expect(told.filter((line) => line.startsWith("received"))).toHaveLength(1);
    expect(await fileOf(id)).toBe("the station by noon");
  });

  it("drops the file of a consent that was withdrawn between its look and its receipt", async () => {
    const id = await sealed();
    const change = onceKept(() => step(ask, "lantern", "withdrawConsent", id));
    await live(/^dropped/, change);
    expect([await fileOf(id), await unreceived()]).toEqual([undefined, []]);
  });

  it("files what a person received by dashboard, if it is what it has read, and no earlier file", async () => {
    const byPerson = (id: string) => step(ask, "harbour", "receiveHandoff", id);
    const id = await sealed();
    await live(
      /^confirmed/,
      onceKept(() => byPerson(id)),
    );
    expect(await fileOf(id)).toBe("the harbour at dusk");
    const corrected = await sealed();
    const change = onceKept(async () => {
      await seal(corrected, "the station by noon");
      await byPerson(corrected);
    });
    const told = await live(/^confirmed/, change);
    expect(told).toContain(
      `${corrected} is left to people: another file was received than was read here`,
    );
    expect([await fileOf(corrected), await unreceived()]).toEqual([undefined, []]);
  });

  /** What happens once it has looked at all twice, and what events have to say is said. */
  function onceQuiet(act: () => unknown): typeof harbour.client {
    let lists = 0;
    const all: typeof harbour.client.all = (...list) => {
      if (lists++ === 4) void act();
      return harbour.client.all(...list);
    };
    return { ...harbour.client, all };
  }

  it("takes over what was left to people for want of a key, once it has the key", async () => {
    const id = await sealed();
    const own = { ...harbour.own, sealingKeys: [] as JWK[] };
    const partners = createPartners(harbour.client, own, harbour.pins);
    const client = onceQuiet(() => own.sealingKeys.push(...harbour.own.sealingKeys));
    const told = await live(/^received/, { client, partners });
    expect(told[0]).toBe(`${id} is left to people: None of the keys opens it.`);
    expect(await fileOf(id)).toBe("the harbour at dusk");
  });

  it("decides on a request that waited while its sender was suspended, of which no event tells", async () => {
    const id = await requested();
    const organisationId = await idOf(ask, "lantern");
    const set = (status: string) =>
      mutate(ask, "coordinator", "setOrganisationStatus", { organisationId, status });
    await set("SUSPENDED");
    await live(/^accepted/, { client: onceQuiet(() => set("ACTIVE")) });
    expect((await see(ask, "lantern", id)).status).toBe("ACCEPTED");
  });

  it("tells people where the beds of a handoff were let go before its file came", async () => {
    const id = await sealed();
    await meddle(demo, "update bed_hold set expires_at = now() where status = 'HELD'");
    const told = await live(/no more$/);
    expect(told.at(-1)).toBe(`${id} is left to people: its beds are held no more`);
  });

  it("instructs whoever confirmed beds, and leaves what a person has sent before, or meanwhile", async () => {
    const at = await shelter(ask, "Pomegranate");
    const confirmed = async (from: number) => {
      const id = (await hold(ask, "lantern", [stay(at, 1, from)])).data["holdBeds"].id as string;
      await moveHold(ask, "lantern", "confirmBedHold", id);
      return id;
    };
    const holds = [await confirmed(30), await confirmed(40), await confirmed(50)];
    async function byPerson(subject: string) {
      const what = { subject, content: new TextEncoder().encode("Not the front door."), days: 1 };
      const envelope = await harbour.partners.sealTo(lantern.thumbprint, what);
      await harbour.client.run(SendInstructions, { input: { id: subject, envelope } });
      return subject;
    }
    const before = await byPerson(holds[0]!);
    // The first that it has looked at, and seals its own for.
    let meanwhile: string | undefined;
    const sealTo: typeof harbour.partners.sealTo = async (to, what) => {
      meanwhile ??= await byPerson(what.subject);
      return harbour.partners.sealTo(to, what);
    };
    const partners = { ...harbour.partners, sealTo };
    const instructions = { Pomegranate: "Ring twice." };
    const told = await live(/^instructed/, { instructions, partners });
    const never = holds.find((id) => ![before, meanwhile].includes(id));
    expect(told).toEqual([`left ${meanwhile}: it was instructed meanwhile`, `instructed ${never}`]);
    const texts = await instructionsFor(
      lantern.client,
      lantern.partners,
      harbour.thumbprint,
      holds,
    );
    const sent = holds.map((id) => (id === never ? "Ring twice." : "Not the front door."));
    expect(texts).toEqual(sent);
    for (const id of holds) await moveHold(ask, "lantern", "releaseBedHold", id);
  });

  /** One that is killed once its nth step is done and not yet answered. False: it never came so far. */
  async function isKilledAt(nth: number): Promise<boolean> {
    const over = new AbortController();
    let steps = 0;
    const end = <Result>(done: Result) => {
      if (++steps === nth) throw new Error("killed");
      return done;
    };
    const kept = store();
    const client: typeof harbour.client = {
      ...onceQuiet(() => over.abort()),
      run: async (...call) => end(await harbour.client.run(...call)),
    };
    const keepFile: typeof kept.keepFile = async (...what) => end(await kept.keepFile(...what));
    const change = { client, store: { ...kept, keepFile } };
    await live(/never/, change, over).catch(() => {});
    return steps === nth;
  }

  it("does each thing once, killed at every step of its way", async () => {
    const id = await requested();
    for (let life = 1; await isKilledAt(life); life++);
    await seal(id, "the harbour at dusk");
    let life = 1;
    while (await isKilledAt(life)) life++;
    // Viewer, handoff, envelope, file, receipt, and the beds: each of them was its last.
    expect(life).toBeGreaterThan(6);
    expect(await fileOf(id)).toBe("the harbour at dusk");
    const { effects } = await asSuperuser(demo.database.superuserUrl, effectsOf);
    const done = effects.filter((one) => one.id === id).map(({ action, count }) => [action, count]);
    expect(new Map(done as [string, number][])).toEqual(
      new Map([
        ["acceptHandoff", 1],
        ["receiveHandoff", 1],
      ]),
    );
    const held = `select h.status from bed_hold h join bed_hold_reference r on r.hold_id = h.id
      join handoff_reference f using (case_reference) where f.handoff_id = $1`;
    const holds = await meddle(demo, held, [decodeId(id)!.uuid]);
    expect(holds.rows).toEqual([{ status: "CONFIRMED" }]);
  });

  it("is handed a file that its partner seals anew when the key is retired that it is sealed to", async () => {
    await openTo(ask, "harbour", ["lantern"]);
    const node = { url: demo.url, audience: AUDIENCE };
    const bot = { node, organisation: { identity: lantern.thumbprint } };
    writeFileSync(path("bot.yaml"), JSON.stringify(bot));
    const folder = join(demo.dataDir, "demo", "harbour");
    const files = [path("bot.yaml"), folder, demoIssuer("harbour")];
    const source = ["--conditions=wayhouse-source", "--import", "tsx"];
    const sender = spawn(process.execPath, [...source, "examples/handoff-bot/try.ts", ...files]);
    try {
      let told = "";
      sender.stdout.on("data", (chunk: Buffer) => (told += chunk.toString()));
      // With all that it told.
      const closed = once(sender, "close");
      await expect.poll(() => told).toMatch(/^offered .+\n$/);
      const id = told.trim().slice("offered ".length);
      await accept(ask, "lantern", id);
      const lying = async () => (await see(ask, "lantern", id)).envelope as string | null;
      await expect.poll(lying).not.toBeNull();
      const first = await lying();
      const [old] = lantern.own.sealingKeys;
      await sealingKey(demo, "lantern");
      const statement = await state(demo, "lantern", "RETIRED", old!);
      await retire(demo, "lantern", await thumbprintOf(old!), statement);
      await expect.poll(lying).not.toBe(first);
      await step(ask, "lantern", "receiveHandoff", id);
      expect(await closed).toEqual([0, null]);
      expect(told.match(/^\w+(?: over)?/gm)).toEqual([
        "offered",
        "sealed",
        "sealed",
        "handed over",
      ]);
    } finally {
      sender.kill();
    }
  });
});
