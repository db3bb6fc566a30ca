import { createHash, randomUUID } from "node:crypto";
import type { JWK } from "jose";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeId, encodeId } from "../../src/kernel/ids.ts";
import { digestOf, open, thumbprintOf } from "../../src/sealing/index.ts";
import { type Answer, codeOf, type Demo, idOf, startDemo } from "../support/demo.ts";
import { accept, meddle, offer, openTo, see, step } from "../support/handoffs.ts";
import { heldUp } from "../support/held-up.ts";
import { envelopeFor, identityOf, retire, sealingKey, signerOf, state } from "../support/keys.ts";
import { mutate } from "../support/mutate.ts";

let demo: Demo;
const keys = new Map<string, JWK>();
beforeAll(async () => {
  demo = await startDemo();
  await openTo(ask, "lantern", ["harbour", "bridge"]);
  for (const one of ["lantern", "harbour", "bridge"]) keys.set(one, await sealingKey(demo, one));
});
afterAll(async () => {
  await demo.stop();
});
const ask: Demo["ask"] = (...call) => demo.ask(...call);
const CANARY = `canary-${randomUUID()}`;
const sealHandoff = (by: string, id: string, envelope: string) =>
  mutate(
    ask,
    by,
    "sealHandoff",
    { id, envelope },
    "{ __typename ... on Handoff { status } ... on IllegalTransition { from } }",
  );
const messageOf = (answer: Answer) => JSON.stringify(answer.errors?.[0]?.extensions);
const accepted = async () => {
  const id = (await offer(ask, "lantern", ["harbour", "bridge"])).data["offerHandoff"].id as string;
  await accept(ask, "harbour", id);
  return id;
};
const file = (id: string, to = "harbour", key = keys.get(to)!) =>
  envelopeFor(demo, { from: "lantern", to, key, subject: id, text: CANARY });

describe("a case file", () => {
  it("goes from the sender to the recipient alone (sealHandoff), opens there, and is gone on receipt", async () => {
    const id = await accepted();
    expect((await sealHandoff("lantern", id, await file(id))).data["sealHandoff"].status).toBe(
      "ACCEPTED",
    );
    for (const by of ["lantern", "bridge", "coordinator"]) {
      expect((await see(ask, by, id))?.envelope ?? null).toBeNull();
    }
    const { envelope } = await see(ask, "harbour", id);
    const { content } = await open({
      envelope,
      privateKeys: [keys.get("harbour")!],
      sender: await thumbprintOf(identityOf(demo, "lantern")),
      senderKeys: [signerOf(demo, "lantern")],
      audience: await thumbprintOf(identityOf(demo, "harbour")),
      subject: id,
      now: new Date(),
    });
    expect(new TextDecoder().decode(content)).toBe(CANARY);
    const received = await step(ask, "harbour", "receiveHandoff", id);
    expect(received.data["receiveHandoff"]).toMatchObject({
      status: "IN_PROGRESS",
      envelope: null,
    });
  });

  it("can be sealed again until it is received, and not before acceptance or afterwards", async () => {
    const id = (await offer(ask, "lantern", ["harbour"])).data["offerHandoff"].id as string;
    const early = await sealHandoff("lantern", id, await file(id));
    expect(early.data["sealHandoff"]).toEqual({
      __typename: "IllegalTransition",
      from: "REQUESTED",
    });
    await accept(ask, "harbour", id);
    const [one, other] = [await file(id), await file(id)];
    await sealHandoff("lantern", id, one);
    await sealHandoff("lantern", id, other);
    expect((await see(ask, "harbour", id)).envelope).toBe(other);
    await step(ask, "harbour", "receiveHandoff", id);
    expect((await sealHandoff("lantern", id, one)).data["sealHandoff"].from).toBe("IN_PROGRESS");
  });

  it("is refused with a reason where it could not be the recipient's to open", async () => {
    const id = await accepted();
    const sound = await file(id);
    const old = await sealingKey(demo, "harbour");
    const stale = await file(id, "harbour", old);
    await retire(
      demo,
      "harbour",
      await thumbprintOf(old),
      await state(demo, "harbour", "RETIRED", old),
    );
    for (const [reason, envelope] of [
      ["NOT_CANONICAL", "a case file in clear"],
      ["NOT_CANONICAL", `${sound}=`],
      [
        "WRONG_HEADER",
        sound.replace(/^[^.]+/, Buffer.from('{"alg":"none"}').toString("base64url")),
      ],
      ["WRONG_SIZE", sound.replace(/\.([^.]{40})[^.]*\.([^.]+)$/, ".$1.$2")],
      ["KEY_NOT_ACTIVE", await file(id, "bridge")],
      ["KEY_NOT_ACTIVE", await file(id, "lantern")],
      ["KEY_NOT_ACTIVE", stale],
    ] as const) {
      const answer = await sealHandoff("lantern", id, envelope);
      expect(codeOf(answer)).toBe("BAD_USER_INPUT");
      expect(messageOf(answer)).toContain(reason);
    }
    expect((await see(ask, "harbour", id)).envelope).toBeNull();
  });

  it("is not put there by the wrong organisation (inspectEnvelope, refuseStrayEnvelope)", async () => {
    const id = await accepted();
    const envelope = await file(id);
    const missing = await sealHandoff("outsider", encodeId("Handoff", randomUUID()), envelope);
    expect(codeOf(missing)).toBe("NOT_FOUND");
    for (const by of ["outsider", "harbour", "bridge", "coordinator"]) {
      expect(await sealHandoff(by, id, envelope)).toEqual(missing);
    }
  });
});

describe("what its sender, who cannot read it, is told of a file that lies there", () => {
  const told = async (by: string, id: string) =>
    (
      await ask(by, "query ($id: ID!) { node(id: $id) { ... on Handoff { envelopeDigest } } }", {
        id,
      })
    ).data["node"]?.envelopeDigest ?? null;

  it("is its digest, until it is received or destroyed, and the wrong organisation's is nothing", async () => {
    const id = await accepted();
    expect(await told("lantern", id)).toBeNull();
    const [first, second] = [await file(id), await file(id)];
    for (const envelope of [first, second]) {
      await sealHandoff("lantern", id, envelope);
      expect(await told("lantern", id)).toBe(await digestOf(envelope));
    }
    for (const by of ["harbour", "bridge", "outsider", "coordinator"])
      expect(await told(by, id)).toBeNull();
    await step(ask, "harbour", "receiveHandoff", id);
    expect(await told("lantern", id)).toBeNull();
  });

  it("says that a suspension has destroyed it, so that it can be sealed again", async () => {
    const id = await accepted();
    await sealHandoff("lantern", id, await file(id));
    const organisationId = await idOf(ask, "harbour");
    for (const status of ["SUSPENDED", "ACTIVE"])
      await mutate(ask, "coordinator", "setOrganisationStatus", { organisationId, status });
    await step(ask, "harbour", "resumeHandoff", id);
    expect((await see(ask, "lantern", id)).status).toBe("ACCEPTED");
    expect(await told("lantern", id)).toBeNull();
  });

  it("is nothing once consent has ended, job or no job", async () => {
    const id = await accepted();
    await sealHandoff("lantern", id, await file(id));
    await meddle(demo, "update handoff set consent_expires_at = now() where id = $1", [
      decodeId(id)!.uuid,
    ]);
    expect(await told("lantern", id)).toBeNull();
  });
});

describe("a receipt (receiveHandoff) that names the envelope that was read", () => {
  const receive = (by: string, id: string, input: object = {}) =>
    step(ask, by, "receiveHandoff", id, input);
  const sealed = async () => {
    const id = await accepted();
    const [first, second] = [await file(id), await file(id)];
    await sealHandoff("lantern", id, first);
    return { id, first, second, read: await digestOf(first) };
  };
  const REPLACED = { __typename: "EnvelopeReplaced" };

  it("is refused where the sender has put another in its place, which lies there until it is read", async () => {
    const { id, second, read } = await sealed();
    await sealHandoff("lantern", id, second);
    const stale = await receive("harbour", id, { envelopeDigest: read });
    expect(stale).toEqual({ data: { receiveHandoff: REPLACED } });
    const seen = await see(ask, "harbour", id);
    expect(seen).toMatchObject({ status: "ACCEPTED", envelope: second });
    const envelopeDigest = await digestOf(seen.envelope as string);
    const received = await receive("harbour", id, { envelopeDigest });
    expect(received.data["receiveHandoff"]).toMatchObject({
      status: "IN_PROGRESS",
      envelope: null,
    });
  });

  it("tells both sides which it was, named or not, and the wrong organisation nothing", async () => {
    const told = (by: string, id: string) => see(ask, by, id).then((seen) => seen?.receivedDigest);
    for (const isNamed of [true, false]) {
      const { id, second, read } = await sealed();
      await receive("harbour", id, { envelopeDigest: await digestOf(second) });
      for (const by of ["lantern", "harbour"]) expect(await told(by, id)).toBeNull();
      await receive("harbour", id, isNamed ? { envelopeDigest: read } : {});
      for (const by of ["lantern", "harbour"]) expect(await told(by, id)).toBe(read);
      for (const by of ["bridge", "outsider"]) expect(await told(by, id)).toBeUndefined();
    }
  });

  it("is refused as well where the other is put there at the same moment", async () => {
    const { id, second, read } = await sealed();
    const [, stale] = await heldUp(
      demo,
      "lantern",
      () => sealHandoff("lantern", id, second),
      () => receive("harbour", id, { envelopeDigest: read }),
    );
    expect(stale.data["receiveHandoff"]).toEqual(REPLACED);
    expect((await see(ask, "harbour", id)).envelope).toBe(second);
  });

  it("and comes first, lets the sender know that its other file was not taken", async () => {
    const { id, second, read } = await sealed();
    const [received, late] = await heldUp(
      demo,
      "lantern",
      () => receive("harbour", id, { envelopeDigest: read }),
      () => sealHandoff("lantern", id, second),
    );
    expect(received.data["receiveHandoff"].status).toBe("IN_PROGRESS");
    const [__typename, from] = ["IllegalTransition", "IN_PROGRESS"];
    expect(late.data["sealHandoff"]).toEqual({ __typename, from });
  });

  it("keeps its key to one envelope once it was done, and leaves it free where it was refused", async () => {
    const { id, second, read } = await sealed();
    const next = await digestOf(second);
    const idempotencyKey = randomUUID();
    const early = await receive("harbour", id, { idempotencyKey, envelopeDigest: next });
    expect(early.data["receiveHandoff"]).toEqual(REPLACED);
    const done = await receive("harbour", id, { idempotencyKey, envelopeDigest: read });
    expect(done.data["receiveHandoff"].status).toBe("IN_PROGRESS");
    expect(await receive("harbour", id, { idempotencyKey, envelopeDigest: read })).toEqual(done);
    for (const input of [{ envelopeDigest: next }, {}]) {
      const other = await receive("harbour", id, { idempotencyKey, ...input });
      expect(codeOf(other)).toBe("IDEMPOTENCY_MISMATCH");
    }
  });

  it("tells the wrong organisation nothing, right or not (stepHandoff)", async () => {
    const { id, second, read } = await sealed();
    const missing = encodeId("Handoff", randomUUID());
    for (const envelopeDigest of [read, await digestOf(second)]) {
      for (const by of ["outsider", "lantern", "bridge", "coordinator"]) {
        const answer = await receive(by, id, { envelopeDigest });
        expect(codeOf(answer)).toBe("NOT_FOUND");
        expect(answer).toEqual(await receive(by, missing, { envelopeDigest }));
      }
    }
    const withdrawn = await step(ask, "lantern", "withdrawConsent", id);
    expect(withdrawn.data["withdrawConsent"].status).toBe("CANCELLED");
    const late = await receive("harbour", id, { envelopeDigest: read });
    expect(late.data["receiveHandoff"]).toMatchObject({ from: "CANCELLED" });
  });

  it("is no digest unless it is one of SHA-256, and is of no other step", async () => {
    const { id, first, read } = await sealed();
    for (const envelopeDigest of ["", read.slice(1), `${read}=`, `${read.slice(0, 42)}B`, first, 1])
      expect(codeOf(await receive("harbour", id, { envelopeDigest }))).toBe("BAD_USER_INPUT");
    for (const field of ["holdHandoff", "failHandoff", "acknowledgeHandoff", "rejectHandoff"]) {
      const answer = await step(ask, "harbour", field, id, { envelopeDigest: read });
      expect(codeOf(answer)).toBe("BAD_USER_INPUT");
      expect(messageOf(answer)).toContain("envelopeDigest");
    }
    expect((await see(ask, "harbour", id)).status).toBe("ACCEPTED");
  });

  it("may name none, as before there was a digest, and then takes what was never read with it", async () => {
    const { id, second } = await sealed();
    const call = { id, reason: null };
    await sealHandoff("lantern", id, second);
    const idempotencyKey = randomUUID();
    const received = await receive("harbour", id, { idempotencyKey });
    expect(received.data["receiveHandoff"]).toMatchObject({
      status: "IN_PROGRESS",
      envelope: null,
    });
    expect(await receive("harbour", id, { idempotencyKey, envelopeDigest: null })).toEqual(
      received,
    );
    // Of a call that began before the API was renewed and is made again after it.
    const before = createHash("sha256")
      .update(`receiveHandoff\n${JSON.stringify(call)}`)
      .digest();
    const key = createHash("sha256").update(idempotencyKey).digest();
    const query = "select request_hash from idempotency_record where key_hash = $1";
    expect((await meddle(demo, query, [key])).rows).toEqual([{ request_hash: before }]);
  });
});

it("never was a fault of ours", () => {
  expect(demo.faults).toEqual([]);
});
