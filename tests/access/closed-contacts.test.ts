import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, expect, it } from "vitest";
import { decodeId, encodeId } from "../../src/kernel/ids.ts";
import { codeOf, type Demo, idOf, startDemo } from "../support/demo.ts";
import { inDays, meddle } from "../support/handoffs.ts";
import { mutate } from "../support/mutate.ts";

let demo: Demo;
let id: string;
const ask: Demo["ask"] = (...call) => demo.ask(...call);
const assure = (programme: string) =>
  mutate(
    ask,
    "bridge",
    "assureConsulateContact",
    { id, programme, reviewBy: inDays(60) },
    "{ id }",
  );
const reveal = (by: string, contact = id, idempotencyKey: string = randomUUID()) => {
  const input = { id: contact, purpose: "DETENTION", idempotencyKey };
  const told = "{ __typename ... on ConsulateReveal { envelope contact { id } } }";
  return mutate(ask, by, "revealConsulateContact", input, told);
};
const NOTHING = (contact: string) => ({
  revealConsulateContact: {
    __typename: "ConsulateReveal",
    envelope: null,
    contact: { id: contact },
  },
});
/** Budget, audit and events. */
async function left(): Promise<unknown> {
  const counts = `select (select count(*) from consulate_reveal) as spent,
    (select count(*) from audit_entry where subject_id = $1) as written,
    (select count(*) from event where subject_id = $1) as told`;
  return (await meddle(demo, counts, [decodeId(id)!.uuid])).rows[0];
}
beforeAll(async () => {
  demo = await startDemo();
  for (const [grantee, scopes] of [
    ["lantern", ["CONSULATES_READ", "CONSULATES_REVEAL"]],
    ["harbour", ["CONSULATES_READ"]],
  ] as const) {
    const organisationId = await idOf(ask, grantee);
    await mutate(ask, "bridge", "grantScopes", { organisationId, scopes });
  }
  const made = await mutate(
    ask,
    "bridge",
    "publishConsulateContact",
    {
      representing: "DE",
      country: "AM",
      locality: "Yerevan",
      documents: ["HUMANITARIAN_VISA"],
      riskProfiles: ["JOURNALIST"],
      languages: ["de"],
      reviewBy: inDays(60),
      envelopes: [],
    },
    "{ id }",
  );
  id = made.data["publishConsulateContact"].id as string;
});
afterAll(() => demo.stop());

it("a reveal of a contact that is closed spends nothing, is no entry and asks nobody, until it is open again", async () => {
  await assure("CLOSED");
  const before = await left();
  const key = randomUUID();
  for (const one of [key, key, randomUUID()])
    expect((await reveal("lantern", id, one)).data).toEqual(NOTHING(id));
  expect(await left()).toEqual(before);
  await assure("ACTIVE");
  expect(await reveal("lantern", id, key)).toEqual(await reveal("lantern"));
  // The second alone: the first was answered by its key.
  expect(await left()).toMatchObject({ spent: "1" });
});

it("whoever may not reveal it hears of a closed one what it hears of one that is not there", async () => {
  await assure("CLOSED");
  const missing = encodeId("ConsulateContact", randomUUID());
  for (const by of ["harbour", "outsider", "coordinator", "bridge"]) {
    const refused = await reveal(by);
    expect(codeOf(refused)).toBe("NOT_FOUND");
    expect(refused).toEqual(await reveal(by, missing));
  }
});

it("never was a fault of ours", () => {
  expect(demo.faults).toEqual([]);
});
