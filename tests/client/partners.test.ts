import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createPartners } from "../../src/client/index.ts";
import { inspect, NO_HASH, pinOf, thumbprintOf } from "../../src/sealing/index.ts";
import { type Demo, startDemo } from "../support/demo.ts";
import { retire, sealingKey, state } from "../support/keys.ts";
import { openDesk, pinsOf } from "../support/partners.ts";

let demo: Demo;
let lantern: Awaited<ReturnType<typeof openDesk>>;
let harbour: Awaited<ReturnType<typeof openDesk>>;
beforeAll(async () => {
  demo = await startDemo();
  lantern = await openDesk(demo, "lantern", ["harbour"]);
  harbour = await openDesk(demo, "harbour", ["lantern"]);
});
afterAll(() => demo.stop());

const subject = "SGFuZG9mZjox";
const content = new TextEncoder().encode("arrives at dusk");
const seal = () => lantern.partners.sealTo(harbour.thumbprint, { subject, content, days: 1 });
const openIt = async (envelope: string) =>
  harbour.partners.openFrom(lantern.thumbprint, { subject, envelope });

it("what is sealed to a pinned partner is opened by it, and the pins have moved forward", async () => {
  const opened = await openIt(await seal());
  expect(new TextDecoder().decode(opened.content)).toBe("arrives at dusk");
  expect(lantern.pins.kept.get(harbour.thumbprint)).toMatchObject({ lastSequence: 2 });
  expect(harbour.pins.kept.get(lantern.thumbprint)!.lastHash).toMatch(/^[0-9a-f]{64}$/);
});

it("what its sender signed with a key to seal to is not believed", async () => {
  const own = { ...lantern.own, signingKey: lantern.own.sealingKeys[0]! };
  const careless = createPartners(lantern.client, own, lantern.pins);
  const sealed = await careless.sealTo(harbour.thumbprint, { subject, content, days: 1 });
  await expect(openIt(sealed)).rejects.toMatchObject({ reason: "UNKNOWN_SIGNER" });
});

it("nothing is sealed to a partner that nobody compared", async () => {
  const stranger = createPartners(lantern.client, lantern.own, pinsOf());
  const sealing = stranger.sealTo(harbour.thumbprint, { subject, content, days: 1 });
  await expect(sealing).rejects.toMatchObject({ reason: "NOT_PINNED" });
});

it.each([0, 366, Number.NaN])(
  "nothing is sealed for %d days, after which nobody could open it",
  (days) =>
    expect(lantern.partners.sealTo(harbour.thumbprint, { subject, content, days })).rejects.toThrow(
      RangeError,
    ),
);

it("nothing is sealed where the server shows a log that is shorter or another than it was", async () => {
  const kept = lantern.pins.kept.get(harbour.thumbprint)!;
  for (const [pin, reason] of [
    [{ ...kept, lastSequence: kept.lastSequence + 1 }, "LOG_ROLLED_BACK"],
    [{ ...kept, lastHash: NO_HASH.replace(/^0/, "1") }, "LOG_FORKED"],
  ] as const) {
    const pins = pinsOf();
    await pins.save(pin);
    const wary = createPartners(lantern.client, lantern.own, pins);
    const sealing = wary.sealTo(harbour.thumbprint, { subject, content, days: 1 });
    await expect(sealing).rejects.toMatchObject({ reason });
    expect(pins.kept.get(harbour.thumbprint)).toEqual(pin);
  }
});

it("nothing is sealed where the server shows another's identity key", async () => {
  const pins = pinsOf(harbour.thumbprint);
  const swapped: typeof lantern.client = {
    ...lantern.client,
    run: (async () => ({
      organisation: { id: "T3JnYW5pc2F0aW9uOjE", identityKey: lantern.own.sealingKeys[0] },
    })) as never,
  };
  const wary = createPartners(swapped, lantern.own, pins);
  const sealing = wary.sealTo(harbour.thumbprint, { subject, content, days: 1 });
  await expect(sealing).rejects.toMatchObject({ reason: "THUMBPRINT_MISMATCH" });
  expect(pins.kept.get(harbour.thumbprint)).toEqual(pinOf(harbour.thumbprint));
});

it("a pin never moves back, though two look at a log at once and one sees less of it", async () => {
  const pins = pinsOf(harbour.thumbprint);
  let calls = 0;
  const uneven: typeof lantern.client = {
    ...lantern.client,
    // The first to ask hears last, and of one entry alone.
    async *all(...asked: Parameters<typeof lantern.client.all>) {
      const isFirst = calls++ === 0;
      for await (const entry of lantern.client.all(...asked)) {
        yield entry;
        if (isFirst) break;
      }
      if (isFirst) await sleep(200);
    },
  } as never;
  const partners = createPartners(uneven, lantern.own, pins);
  await Promise.all([partners.keysOf(harbour.thumbprint), partners.keysOf(harbour.thumbprint)]);
  expect(pins.kept.get(harbour.thumbprint)).toMatchObject({ lastSequence: 2 });
});

it("is sealed to the partner's newest key, and to none that was retired", async () => {
  const newest = await sealingKey(demo, "harbour");
  const sealedTo = async () => inspect(await seal());
  for (const key of [newest, harbour.own.sealingKeys[0]!]) {
    const kid = await thumbprintOf(key);
    expect(await sealedTo()).toMatchObject({ kid });
    await retire(demo, "harbour", kid, await state(demo, "harbour", "RETIRED", key));
  }
  await expect(seal()).rejects.toMatchObject({ reason: "KEY_NOT_ACTIVE" });
});

it("nobody is sealed to whom the server does not know", async () => {
  const nobody = "A".repeat(43);
  const partners = createPartners(lantern.client, lantern.own, pinsOf(nobody));
  await expect(partners.keysOf(nobody)).rejects.toMatchObject({ code: "NOT_FOUND" });
});
