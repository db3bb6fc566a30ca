import { randomUUID } from "node:crypto";
import type { JWK } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeId, encodeId } from "../../src/kernel/ids.ts";
import { digestOf, thumbprintOf } from "../../src/sealing/index.ts";
import { type Answer, codeOf, type Demo, idOf, startDemo } from "../support/demo.ts";
import { inDays, meddle } from "../support/handoffs.ts";
import { heldUp } from "../support/held-up.ts";
import { envelopeFor, retire, sealingKey, state } from "../support/keys.ts";
import { mutate } from "../support/mutate.ts";

let demo: Demo;
const keys = new Map<string, JWK>();
beforeAll(async () => {
  demo = await startDemo();
  for (const one of ["lantern", "harbour"]) keys.set(one, await sealingKey(demo, one));
  for (const [grantee, scopes] of [
    ["lantern", ["CONSULATES_READ", "CONSULATES_REVEAL"]],
    ["harbour", ["CONSULATES_READ"]],
  ] as const) {
    await mutate(ask, "bridge", "grantScopes", {
      organisationId: await idOf(ask, grantee),
      scopes,
    });
  }
});
afterAll(() => demo.stop());
const ask: Demo["ask"] = (...call) => demo.ask(...call);
const write = (by: string, field: string, input: object, selection = "id programme stale") =>
  mutate(ask, by, field, input, `{ ${selection} }`);
const publish = (input: object = {}, by = "bridge") =>
  write(by, "publishConsulateContact", {
    representing: "DE",
    country: "AM",
    locality: "Yerevan",
    documents: ["HUMANITARIAN_VISA"],
    riskProfiles: ["JOURNALIST"],
    languages: ["de", "en"],
    reviewBy: inDays(60),
    envelopes: [],
    ...input,
  });
const published = async (input: object = {}) =>
  (await publish(input)).data["publishConsulateContact"].id as string;
const reveal = (by: string, id: string, key: string = randomUUID()) =>
  write(
    by,
    "revealConsulateContact",
    { id, purpose: "VISA_APPLICATION", idempotencyKey: key },
    "__typename ... on ConsulateReveal { envelope contact { id } } ... on RevealBudgetSpent { retryAfterSeconds }",
  );
const search = async (by: string, input: object = {}) => {
  const { data } = await ask(
    by,
    "query ($search: ConsulateSearch!) { consulateContacts(search: $search, first: 100) { edges { node { id } } } }",
    { search: input },
  );
  return data["consulateContacts"].edges.map(
    ({ node }: { node: { id: string } }) => node.id,
  ) as string[];
};
const envelope = (subject: string, to = "lantern", key = keys.get(to)!) =>
  envelopeFor(demo, { from: "bridge", to, key, subject, text: "ask for the vice consul" });
const SEALED =
  "query ($id: ID!) { node(id: $id) { ... on ConsulateContact { sealed { digest } } } }";
const messageOf = (answer: Answer) => JSON.stringify(answer.errors?.[0]?.extensions);

describe("a consulate contact (publishConsulateContact)", () => {
  it("is found in codes by whom it is shared with, and by nobody else", async () => {
    const id = await published();
    for (const by of ["bridge", "lantern", "harbour"]) {
      expect(await search(by, { country: "AM", documents: ["HUMANITARIAN_VISA"] })).toContain(id);
    }
    for (const by of ["outsider", "coordinator"]) expect(await search(by)).toEqual([]);
    expect(await search("lantern", { representing: "FR" })).not.toContain(id);
    expect(await search("lantern", { riskProfile: "DESERTER" })).not.toContain(id);
    expect(await search("lantern", { documents: ["SCHENGEN_VISA"] })).not.toContain(id);
  });

  it("is left out once its review is due, unless asked for, and says when it is paused (assureConsulateContact)", async () => {
    const id = await published();
    const reviewBy = inDays(10);
    const paused = await write("bridge", "assureConsulateContact", {
      id,
      programme: "PAUSED",
      reviewBy,
    });
    expect(paused.data["assureConsulateContact"]).toEqual({
      id,
      programme: "PAUSED",
      stale: false,
    });
    expect(await search("lantern")).toContain(id);
    await meddle(demo, "update consulate_contact set review_by = now()");
    expect(await search("lantern")).not.toContain(id);
    expect(await search("lantern", { includeStale: true })).toContain(id);
    await meddle(demo, "update consulate_contact set review_by = now() + interval '9 days'");
  });

  it.each<[string, object]>([
    ["no review", { reviewBy: inDays(-1) }],
    ["a language that is none", { languages: ["german!"] }],
    ["a language that is not canonical", { languages: ["DE"] }],
    ["words in place of a language", { languages: ["en-x-room-12-second-floor"] }],
    ["words in an extension of a language", { languages: ["en-a-room-12-second-floor"] }],
    ["an endless language", { languages: ["en-abcde-bcdef-cdefg-defgh-efghi-fghij-ghijk"] }],
    ["a document twice", { documents: ["NATIONAL_VISA", "NATIONAL_VISA"] }],
    ["a lead time of years", { leadTimeDays: 10_000 }],
    ["a contact in clear", { envelopes: ["Ms. Miller, extension 12"] }],
  ])("is refused with %s", async (_, input) => {
    expect(codeOf(await publish(input))).toBe("BAD_USER_INPUT");
  });

  it("is one of two thousand of its owner at most, closed ones among them, though two are published at once", async () => {
    const made = await publish({}, "harbour");
    await meddle(
      demo,
      `insert into consulate_contact (owner_id, representing, country, locality, documents, risk_profiles, languages, programme, review_by)
          select owner_id, representing, country, locality, documents, risk_profiles, languages, 'CLOSED', review_by
            from consulate_contact, generate_series(1, 1998) where id = $1`,
      [decodeId(made.data["publishConsulateContact"].id)!.uuid],
    );
    const another = () => publish({}, "harbour");
    const published = await heldUp(demo, "harbour", another, another);
    expect(published.map(codeOf)).toEqual([undefined, "LIMIT_EXCEEDED"]);
  });
});

describe("a reveal (revealConsulateContact)", () => {
  it("asks the owner to seal first, then answers with what it sealed (sealConsulateContact)", async () => {
    const id = await published();
    const wanted = await reveal("lantern", id);
    expect(wanted.data["revealConsulateContact"]).toEqual({
      __typename: "ConsulateReveal",
      envelope: null,
      contact: { id },
    });
    const sealed = await envelope(id);
    await write("bridge", "sealConsulateContact", { id, envelopes: [sealed] });
    const key = randomUUID();
    const revealed = await reveal("lantern", id, key);
    expect(revealed.data["revealConsulateContact"].envelope).toBe(sealed);
    expect(await reveal("lantern", id, key)).toEqual(revealed);
    const kinds = (
      await meddle(demo, "select kind from event where kind like 'REVEAL%' order by position")
    ).rows;
    expect(kinds).toEqual([{ kind: "REVEAL_WANTED" }, { kind: "REVEAL_READY" }]);
    const chains = await meddle(
      demo,
      "select count(distinct organisation_id)::int as chains from audit_entry where action = 'revealConsulateContact'",
    );
    expect(chains.rows).toEqual([{ chains: 2 }]);
  });

  it("spends a budget that no process forgets, and a repeated call spends nothing", async () => {
    const id = await published();
    await meddle(demo, "delete from consulate_reveal");
    const key = randomUUID();
    const answers = await Promise.all(Array.from({ length: 22 }, () => reveal("lantern", id)));
    const names = answers.map(({ data }) => data["revealConsulateContact"].__typename as string);
    expect(names.filter((name) => name === "ConsulateReveal")).toHaveLength(20);
    const spent = (await reveal("lantern", id, key)).data["revealConsulateContact"];
    expect(spent.__typename).toBe("RevealBudgetSpent");
    expect(spent.retryAfterSeconds).toBeGreaterThan(86_000);
    await meddle(demo, "update consulate_reveal set at = at - interval '25 hours'");
    const again = await reveal("lantern", id, key);
    expect(again.data["revealConsulateContact"].__typename).toBe("ConsulateReveal");
    expect(await reveal("lantern", id, key)).toEqual(again);
    const recent = "select from consulate_reveal where at > now() - interval '24 hours'";
    expect((await meddle(demo, recent)).rowCount).toBe(1);
  });

  it("is nothing to the wrong organisation, which may read the codes or not; nor may it seal or assure", async () => {
    const id = await published();
    const missing = encodeId("ConsulateContact", randomUUID());
    for (const by of ["harbour", "outsider", "coordinator", "bridge"]) {
      const foreign = await reveal(by, id);
      expect(codeOf(foreign)).toBe("NOT_FOUND");
      expect(foreign).toEqual(await reveal(by, missing));
    }
    const envelopes = [await envelope(id)];
    for (const by of ["lantern", "outsider"]) {
      for (const [field, input] of [
        ["sealConsulateContact", { envelopes }],
        ["assureConsulateContact", { programme: "CLOSED", reviewBy: inDays(5) }],
      ] as const) {
        expect(await write(by, field, { id, ...input })).toEqual(
          await write(by, field, { id: missing, ...input }),
        );
      }
    }
  });

  it("opens nothing that is sealed to a key retired since, and has it sealed anew", async () => {
    const id = await published();
    const key = await sealingKey(demo, "lantern");
    const old = await envelope(id, "lantern", key);
    await write("bridge", "sealConsulateContact", { id, envelopes: [old] });
    const first = randomUUID();
    const seen = async (nth: string) =>
      (await reveal("lantern", id, nth)).data["revealConsulateContact"].envelope as string | null;
    expect(await seen(first)).toBe(old);
    const stated = await state(demo, "lantern", "RETIRED", key);
    await retire(demo, "lantern", await thumbprintOf(key), stated);
    expect([await seen(first), await seen(randomUUID())]).toEqual([null, null]);
    const anew = await envelope(id);
    await write("bridge", "sealConsulateContact", { id, envelopes: [anew] });
    expect(await seen(randomUUID())).toBe(anew);
  });

  it("opens nothing of a contact that is closed, and nothing is sealed for it", async () => {
    const id = await published();
    const sealing = { id, envelopes: [await envelope(id)] };
    await write("bridge", "sealConsulateContact", sealing);
    const first = randomUUID();
    const seen = async (key: string) =>
      (await reveal("lantern", id, key)).data["revealConsulateContact"].envelope as string | null;
    expect(await seen(first)).not.toBeNull();
    const closed = { id, programme: "CLOSED", reviewBy: inDays(60) };
    await write("bridge", "assureConsulateContact", closed);
    expect([await seen(first), await seen(randomUUID())]).toEqual([null, null]);
    const late = await write("bridge", "sealConsulateContact", sealing);
    expect(messageOf(late)).toContain('["id"],"message":"is closed');
  });

  it("is put over what its owner has seen, and never over what was sealed since", async () => {
    const id = await published();
    const [first, second] = [await envelope(id), await envelope(id)];
    const [one, two] = [await digestOf(first), await digestOf(second)];
    const seal = (sealed: string, ...digests: (string | null)[]) => {
      const replaces = digests.length > 0 && { replaces: digests.map((digest) => ({ digest })) };
      const what = "sealed { digest keyRetiredAt organisation { handle } }";
      return write(
        "bridge",
        "sealConsulateContact",
        { id, envelopes: [sealed], ...replaces },
        what,
      );
    };
    expect(messageOf(await seal(first, one))).toContain('["replaces",0],"message":"ENVELOPE_REP');
    const put = (await seal(first, null)).data["sealConsulateContact"].sealed;
    expect(put).toEqual([{ digest: one, keyRetiredAt: null, organisation: { handle: "lantern" } }]);
    for (const digest of [null, two])
      expect(messageOf(await seal(second, digest))).toContain("ENVELOPE_REPLACED");
    expect(messageOf(await seal(second, one, null))).toContain("one for each");
    const seenBy = async (by: string) => (await ask(by, SEALED, { id })).data["node"].sealed;
    await seal(second, one);
    expect(await seenBy("bridge")).toEqual([{ digest: two }]);
    await seal(first);
    expect(await seenBy("bridge")).toEqual([{ digest: one }]);
    for (const by of ["lantern", "harbour"]) expect(await seenBy(by)).toEqual([]);
  });

  it("goes to whose key it is, whoever publishes the same one after it", async () => {
    const id = await published();
    const key = keys.get("lantern")!;
    const grantee = await idOf(ask, "outsider");
    await meddle(
      demo,
      `with copied as (
        insert into organisation_key (organisation_id, kid, use, jwk)
          select o.id, k.kid, k.use, k.jwk from organisation o, organisation_key k
            where o.handle not in ('lantern', 'bridge') and k.kid = $1)
        insert into introduction select b.id, o.id from organisation b, organisation o
          where b.handle = 'bridge' and o.handle = 'outsider'`,
      [await thumbprintOf(key)],
    );
    for (const scopes of [[], ["CONSULATES_REVEAL"]]) {
      if (scopes.length > 0) {
        await mutate(ask, "bridge", "grantScopes", { organisationId: grantee, scopes });
      }
      const sealed = await envelope(id);
      const answer = await write("bridge", "sealConsulateContact", { id, envelopes: [sealed] });
      expect(answer.errors).toBeUndefined();
      const revealed = await reveal("lantern", id);
      expect(revealed.data["revealConsulateContact"].envelope).toBe(sealed);
    }
    await meddle(
      demo,
      "delete from organisation_key where kid = $1 and organisation_id <> (select id from organisation where handle = 'lantern')",
      [await thumbprintOf(key)],
    );
  });

  it("is sealed only to whom a grant lets reveal it", async () => {
    const id = await published();
    for (const [reason, sealed] of [
      ["KEY_NOT_ACTIVE", await envelope(id, "harbour")],
      ["NOT_CANONICAL", "in clear"],
    ] as const) {
      const answer = await write("bridge", "sealConsulateContact", { id, envelopes: [sealed] });
      expect(messageOf(answer)).toContain(reason);
      expect(messageOf(answer)).toContain('["envelopes",0]');
    }
  });
});

it("never was a fault of ours", () => {
  expect(demo.faults).toEqual([]);
});
