import { createHash, randomUUID } from "node:crypto";
import type { JWK } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeId, encodeId } from "../../src/kernel/ids.ts";
import { digestOf, thumbprintOf } from "../../src/sealing/index.ts";
import { codeOf, type Demo, idOf, startDemo } from "../support/demo.ts";
import { accept, meddle, offer, openTo, step } from "../support/handoffs.ts";
import { heldUp } from "../support/held-up.ts";
import { hold, moveHold, shelter, stay } from "../support/holds.ts";
import { envelopeFor, retire, sealingKey, state } from "../support/keys.ts";
import { mutate } from "../support/mutate.ts";
import { untilTold } from "../support/patience.ts";

let demo: Demo;
const keys = new Map<string, JWK>();
beforeAll(async () => {
  demo = await startDemo();
  await openTo(ask, "lantern", ["harbour"]);
  for (const one of ["lantern", "harbour"]) keys.set(one, await sealingKey(demo, one));
});
afterAll(() => demo.stop());
const ask: Demo["ask"] = (...call) => demo.ask(...call);

let night = 0;
const FILE = {
  type: "Handoff",
  field: "sealHandoff",
  by: "lantern",
  to: "harbour",
  seen: "envelope",
  make: async () => {
    const id = (await offer(ask, "lantern", ["harbour"])).data["offerHandoff"].id as string;
    await accept(ask, "harbour", id);
    return id;
  },
  end: (id: string) => step(ask, "harbour", "receiveHandoff", id),
};
const INSTRUCTIONS = {
  type: "BedHold",
  field: "sendInstructions",
  by: "harbour",
  to: "lantern",
  seen: "instructions",
  make: async () => {
    const at = stay(await shelter(ask, "Apricot"), 1, (night += 5));
    return (await hold(ask, "lantern", [at])).data["holdBeds"].id as string;
  },
  end: (id: string) => moveHold(ask, "lantern", "releaseBedHold", id),
};
const WHO = ["outsider", "bridge", "coordinator"];

describe.each([FILE, INSTRUCTIONS])(
  "what is sealed ($field) and says what it replaces",
  ({ type, field, by, to, seen, make }) => {
    const send = async (who: string, id: string, envelope: string, input: object = {}) => {
      const answer = await mutate(
        ask,
        who,
        field,
        { id, envelope, ...input },
        "{ __typename ... on DomainError { message } }",
      );
      return answer.data?.[field]?.__typename ?? codeOf(answer);
    };
    const over = (digest?: string | null) => ({ replaces: { digest } });
    const envelopeOf = (subject: string) =>
      envelopeFor(demo, { from: by, to, key: keys.get(to)!, subject, text: "Ring twice." });
    const made = async () => {
      const id = await make();
      const [first, second, third] = [
        await envelopeOf(id),
        await envelopeOf(id),
        await envelopeOf(id),
      ];
      return { id, first, second, third, digest: await digestOf(first) };
    };
    const lying = async (id: string) =>
      (await ask(to, `query ($id: ID!) { node(id: $id) { ... on ${type} { ${seen} } } }`, { id }))
        .data["node"][seen] as string | null;

    it("is put where nothing lies, and over nothing that was put there meanwhile", async () => {
      const { id, first, second } = await made();
      expect(await send(by, id, first, over(null))).toBe(type);
      for (const nothing of [over(null), over()])
        expect(await send(by, id, second, nothing)).toBe("EnvelopeReplaced");
      expect(await lying(id)).toBe(first);
    });

    it("is put over what its sender knew of, and over no newer one", async () => {
      const { id, first, second, third, digest } = await made();
      expect(await send(by, id, second, over(digest))).toBe("EnvelopeReplaced");
      expect(await lying(id)).toBeNull();
      await send(by, id, first);
      expect(await send(by, id, second, over(digest))).toBe(type);
      expect(await send(by, id, third, over(digest))).toBe("EnvelopeReplaced");
      expect(await lying(id)).toBe(second);
    });

    it("is one of two at the same moment that know of the same", async () => {
      for (const knows of ["nothing", "the first"]) {
        const { id, first, second, third, digest } = await made();
        if (knows === "the first") await send(by, id, first);
        const replaced = over(knows === "nothing" ? null : digest);
        const answers = await heldUp(
          demo,
          by,
          () => send(by, id, second, replaced),
          () => send(by, id, third, replaced),
        );
        expect(answers, knows).toEqual([type, "EnvelopeReplaced"]);
        expect(await lying(id)).toBe(second);
      }
    });

    it("has one effect under its key, which is free where it was refused", async () => {
      const { id, first, second, third, digest } = await made();
      const idempotencyKey = randomUUID();
      const call = [by, id, second, { idempotencyKey, ...over(digest) }] as const;
      expect(await send(...call)).toBe("EnvelopeReplaced");
      await send(by, id, first);
      expect(await send(...call)).toBe(type);
      await send(by, id, third, over(await digestOf(second)));
      // Its answer was lost, and it is made again: it was done, and is not done over what came after it.
      expect(await send(...call)).toBe(type);
      expect(await lying(id)).toBe(third);
      for (const other of [over(null), over(await digestOf(third)), {}])
        expect(await send(by, id, second, { idempotencyKey, ...other })).toBe(
          "IDEMPOTENCY_MISMATCH",
        );
    });

    it("tells the wrong organisation nothing, right or not", async () => {
      const { id, first, second, digest } = await made();
      await send(by, id, first);
      const missing = encodeId(type, randomUUID());
      for (const who of [...WHO, to]) {
        for (const replaced of [over(digest), over(null)]) {
          const call = (subject: string) =>
            mutate(
              ask,
              who,
              field,
              { id: subject, envelope: second, ...replaced },
              "{ __typename }",
            );
          const answer = await call(id);
          expect(codeOf(answer), who).toBe("NOT_FOUND");
          expect(answer).toEqual(await call(missing));
        }
      }
      expect(await lying(id)).toBe(first);
    });

    it("may not say it, as before it could, and is then put over whatever lies there", async () => {
      const { id, first, second } = await made();
      await send(by, id, first);
      const idempotencyKey = randomUUID();
      expect(await send(by, id, second, { idempotencyKey, replaces: null })).toBe(type);
      expect(await send(by, id, second, { idempotencyKey })).toBe(type);
      expect(await lying(id)).toBe(second);
      // Of a call that began before the API was renewed and is made again after it.
      const sha256 = (text: string) => createHash("sha256").update(text).digest();
      const before = sha256(`${field}\n${JSON.stringify({ envelope: second, id })}`);
      const query = "select request_hash from idempotency_record where key_hash = $1";
      const kept = await meddle(demo, query, [sha256(idempotencyKey)]);
      expect(kept.rows).toEqual([{ request_hash: before }]);
    });
  },
);

it("a file is not put over one that a suspension has destroyed: its sender sees first that it is gone", async () => {
  const id = await FILE.make();
  const what = { from: "lantern", to: "harbour", key: keys.get("harbour")!, subject: id };
  const envelope = await envelopeFor(demo, { ...what, text: "the harbour at dusk" });
  const seal = async (digest: string | null) =>
    (
      await mutate(
        ask,
        "lantern",
        "sealHandoff",
        { id, envelope, replaces: { digest } },
        "{ __typename }",
      )
    ).data["sealHandoff"].__typename as string;
  expect(await seal(null)).toBe("Handoff");
  const organisationId = await idOf(ask, "harbour");
  for (const status of ["SUSPENDED", "ACTIVE"])
    await mutate(ask, "coordinator", "setOrganisationStatus", { organisationId, status });
  await step(ask, "harbour", "resumeHandoff", id);
  expect(await seal(await digestOf(envelope))).toBe("EnvelopeReplaced");
  expect(await seal(null)).toBe("Handoff");
});

describe.each([FILE, INSTRUCTIONS])(
  "a key that is retired (retireKey) while something lies sealed to it ($field)",
  ({ type, field, by, to, seen, make, end }) => {
    const seal = async (id: string, key: JWK) => {
      const what = { from: by, to, key, subject: id, text: "Ring twice." };
      return mutate(
        ask,
        by,
        field,
        { id, envelope: await envelopeFor(demo, what) },
        "{ __typename }",
      );
    };
    const retired = async (key: JWK, who = to) =>
      retire(demo, who, await thumbprintOf(key), await state(demo, to, "RETIRED", key));
    const FACT = `query ($id: ID!) { node(id: $id) { ... on ${type} { ${seen}KeyRetiredAt } } }`;
    const told = async (who: string, id: string) =>
      (await ask(who, FACT, { id })).data["node"]?.[`${seen}KeyRetiredAt`] as string | null;
    const EVENTS = `query ($after: String) { events(first: 100, after: $after) {
      edges { node { subjectId } } pageInfo { hasNextPage endCursor } } }`;
    /** How many events of this an organisation has been told. */
    async function eventsOf(who: string, id: string, after: string | null = null): Promise<number> {
      await untilTold(demo.database.superuserUrl);
      const { edges, pageInfo } = (await ask(who, EVENTS, { after })).data["events"];
      const nodes = edges as { node: { subjectId: string } }[];
      const here = nodes.filter(({ node }) => node.subjectId === id).length;
      return here + (pageInfo.hasNextPage ? await eventsOf(who, id, pageInfo.endCursor) : 0);
    }

    it("is told to both sides, by an event and in their chains, until it is sealed anew, and the wrong organisation nothing", async () => {
      const [old, next] = [await sealingKey(demo, to), await sealingKey(demo, to)];
      const [id, other] = [await make(), await make()];
      await seal(id, old);
      await seal(other, next);
      for (const who of [by, "outsider"]) expect(codeOf(await retired(old, who))).toBe("NOT_FOUND");
      const before = [await eventsOf(by, id), await eventsOf(to, id), await eventsOf(by, other)];
      expect([await told(by, id), await told(to, id)]).toEqual([null, null]);
      const { retiredAt } = (await retired(old)).data["retireKey"];
      for (const who of [by, to]) {
        expect(await told(who, id)).toBe(retiredAt);
        expect(await told(who, other)).toBeNull();
      }
      const after = [await eventsOf(by, id), await eventsOf(to, id), await eventsOf(by, other)];
      expect(after).toEqual([before[0]! + 1, before[1]! + 1, before[2]]);
      const chains = await meddle(
        demo,
        `select o.handle from audit_entry e join organisation o on o.id = e.organisation_id
          where e.action = 'retireKey' and e.subject_id = $1 order by 1`,
        [decodeId(id)!.uuid],
      );
      expect(chains.rows.map(({ handle }) => handle as string)).toEqual([by, to].toSorted());
      for (const who of WHO)
        expect([await told(who, id), await eventsOf(who, id)]).toEqual([undefined, 0]);
      await seal(id, next);
      expect([await told(by, id), await told(to, id)]).toEqual([null, null]);
      await retired(next);
      expect(await told(by, id)).toBeTypeOf("string");
      await end(id);
      expect([await told(by, id), await told(to, id)]).toEqual([null, null]);
    });

    it("is told of what is sealed to it at the same moment, or nothing is", async () => {
      const [first, second] = [await sealingKey(demo, to), await sealingKey(demo, to)];
      const [id, other] = [await make(), await make()];
      const before = await eventsOf(by, id);
      const [put] = await heldUp(
        demo,
        by,
        () => seal(id, first),
        () => retired(first),
      );
      expect(put.errors).toBeUndefined();
      expect(await eventsOf(by, id)).toBe(before + 2);
      const [, late] = await heldUp(
        demo,
        to,
        () => retired(second),
        () => seal(other, second),
      );
      expect(JSON.stringify(late.errors)).toContain("KEY_NOT_ACTIVE");
    });
  },
);

it("never was a fault of ours", () => {
  expect(demo.faults).toEqual([]);
});
