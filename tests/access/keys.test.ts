import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  checkKeyLog,
  hashKeyLogEntry,
  NO_HASH,
  publicHalf,
  signKeyStatement,
  thumbprintOf,
} from "../../src/sealing/index.ts";
import { type Answer, codeOf, type Demo, startDemo } from "../support/demo.ts";
import { meddle } from "../support/handoffs.ts";
import { heldUp } from "../support/held-up.ts";
import {
  identityOf,
  logOf,
  publish,
  retire,
  sealingKey,
  signerOf,
  state,
} from "../support/keys.ts";
import { mutationOf } from "../support/mutate.ts";
import { ed25519, p256 } from "../support/sealing.ts";

let demo: Demo;
beforeAll(async () => {
  demo = await startDemo();
});
afterAll(async () => {
  await demo.stop();
});
const issuesOf = (answer: Answer) =>
  (answer.errors?.[0]?.extensions as { issues?: object } | undefined)?.issues;
const messageOf = (answer: Answer) => JSON.stringify(answer.errors?.[0]?.extensions);

describe("a key", () => {
  it("is published and retired by statements (publishKey, retireKey), and the log proves it to whoever pinned the thumbprint", async () => {
    const key = p256();
    const published = await publish(
      demo,
      "harbour",
      key,
      await state(demo, "harbour", "PUBLISHED", key),
    );
    const kid = await thumbprintOf(key);
    expect(published.data["publishKey"]).toMatchObject({ kid, use: "SEAL", retiredAt: null });
    const second = await sealingKey(demo, "harbour");
    const { data } = await demo.ask(
      "lantern",
      '{ organisation(handle: "harbour") { identityThumbprint identityKey sealingKeys { kid } } }',
    );
    const harbour = data["organisation"];
    expect(harbour.sealingKeys.map((one: { kid: string }) => one.kid)).toEqual([
      kid,
      await thumbprintOf(second),
    ]);
    const pin = {
      identityThumbprint: harbour.identityThumbprint,
      lastSequence: 0,
      lastHash: NO_HASH,
    };
    const entries = (await logOf(demo, "lantern", "harbour")) as never;
    const checked = await checkKeyLog(harbour.identityKey, entries, pin);
    expect(checked.active).toHaveLength(2);

    const retired = await retire(
      demo,
      "harbour",
      kid,
      await state(demo, "harbour", "RETIRED", key),
    );
    expect(retired.data["retireKey"].retiredAt).toBeTypeOf("string");
    const later = (await logOf(demo, "lantern", "harbour")) as never;
    const again = await checkKeyLog(harbour.identityKey, later, checked.pin);
    expect(again.active.map((one) => one.kid)).toEqual([await thumbprintOf(second)]);
    // For good.
    const back = await publish(
      demo,
      "harbour",
      key,
      await state(demo, "harbour", "PUBLISHED", key),
    );
    expect(codeOf(back)).toBe("BAD_USER_INPUT");
  });

  it("is one of ten of its use at most, until another one is retired", async () => {
    const first = await sealingKey(demo, "outsider");
    for (let count = 1; count < 10; count++) await sealingKey(demo, "outsider");
    const eleventh = p256();
    const add = async () =>
      publish(demo, "outsider", eleventh, await state(demo, "outsider", "PUBLISHED", eleventh));
    expect(codeOf(await add())).toBe("BAD_USER_INPUT");
    const retired = await state(demo, "outsider", "RETIRED", first);
    await retire(demo, "outsider", await thumbprintOf(first), retired);
    expect((await add()).errors).toBeUndefined();
  });

  it("is not published on a statement that is another's, stale, or about something else", async () => {
    const key = p256();
    const sound = await state(demo, "bridge", "PUBLISHED", key);
    const kid = await thumbprintOf(key);
    const place = { kid, jwk: key, iat: 1, use: "SEAL", change: "PUBLISHED" } as const;
    const first = { sequence: 1, previousHash: NO_HASH };
    const identity = identityOf(demo, "bridge");
    for (const [reason, statement] of [
      ["UNKNOWN_SIGNER", await signKeyStatement({ ...place, ...first }, ed25519())],
      ["after 0000", await signKeyStatement({ ...place, ...first, sequence: 2 }, identity)],
      ["to SEAL", await signKeyStatement({ ...place, ...first, use: "SIGN" }, identity)],
      ["is PUBLISHED", await state(demo, "bridge", "PUBLISHED", p256())],
      ["is PUBLISHED", await signKeyStatement({ ...place, ...first, change: "RETIRED" }, identity)],
      ["NOT_CANONICAL", "no statement"],
    ] as const) {
      const answer = await publish(demo, "bridge", key, statement);
      expect(codeOf(answer)).toBe("BAD_USER_INPUT");
      expect(messageOf(answer)).toContain(reason);
    }
    expect((await publish(demo, "bridge", key, sound)).errors).toBeUndefined();
    const again = async () =>
      messageOf(await publish(demo, "bridge", key, await state(demo, "bridge", "PUBLISHED", key)));
    expect(await again()).toContain("was published before");
    const retired = () => state(demo, "bridge", "RETIRED", key);
    await retire(demo, "bridge", kid, await retired());
    expect(messageOf(await retire(demo, "bridge", kid, await retired()))).toContain("is retired");
    expect(await again()).toContain("was published before");
    const signing = p256();
    await meddle(
      demo,
      "insert into organisation_key (organisation_id, kid, use, jwk) select id, $1, 'SIGN', '{}' from organisation where handle = 'bridge'",
      [await thumbprintOf(signing)],
    );
    const forBoth = await state(demo, "bridge", "PUBLISHED", signing);
    expect(messageOf(await publish(demo, "bridge", signing, forBoth))).toContain("before");
    const sealed = ed25519();
    const asSeal = await state(demo, "bridge", "PUBLISHED", sealed);
    expect(messageOf(await publish(demo, "bridge", sealed, asSeal))).toContain("P-256");
  });

  it("of the wrong organisation can be neither published nor retired, and its log is not there for a stranger", async () => {
    const key = await sealingKey(demo, "harbour");
    const kid = await thumbprintOf(key);
    const theirs = await state(demo, "harbour", "RETIRED", key);
    expect(codeOf(await retire(demo, "lantern", kid, theirs))).toBe("NOT_FOUND");
    const other = p256();
    const asHarbour = await state(demo, "harbour", "PUBLISHED", other);
    expect(messageOf(await publish(demo, "lantern", other, asHarbour))).toContain("UNKNOWN_SIGNER");
    expect(await logOf(demo, "lantern", "harbour")).not.toEqual([]);
    expect(await logOf(demo, "outsider", "harbour")).toEqual([]);
    const ofNobody = await demo.ask(
      "lantern",
      '{ keyLog(organisationId: "") { edges { cursor } } }',
    );
    expect(ofNobody.data["keyLog"].edges).toEqual([]);
  });

  it("that signs tokens opens nothing once it is retired, and the last of them stays", async () => {
    const signing = signerOf(demo, "outsider");
    const kid = await thumbprintOf(signing);
    const last = await retire(
      demo,
      "outsider",
      kid,
      await state(demo, "outsider", "RETIRED", signing, "SIGN"),
    );
    expect(messageOf(last)).toContain("last signing key");
    const next = ed25519();
    const published = await publish(
      demo,
      "outsider",
      next,
      await state(demo, "outsider", "PUBLISHED", next, "SIGN"),
      "SIGN",
    );
    expect(published.data["publishKey"].use).toBe("SIGN");
    const statement = await state(demo, "outsider", "RETIRED", signing, "SIGN");
    const retired = await retire(demo, "outsider", kid, statement);
    expect(retired.data["retireKey"].retiredAt).toBeTypeOf("string");
    expect(codeOf(await demo.ask("outsider", "{ viewer { scopes } }"))).toBe("UNAUTHENTICATED");
    const withNext = { organisation: "outsider", key: next as never };
    const { text } = await demo.call(withNext, { query: "{ viewer { client { clientId } } }" });
    expect(text).toContain("bot");
  });

  it("that signs tokens is not retired with the last other one at the same moment", async () => {
    const identity = identityOf(demo, "bridge");
    const [first, second] = [signerOf(demo, "bridge"), ed25519()];
    const stated = await state(demo, "bridge", "PUBLISHED", second, "SIGN");
    await publish(demo, "bridge", second, stated, "SIGN");
    const [kid, other] = [await thumbprintOf(first), await thumbprintOf(second)];
    const one = await state(demo, "bridge", "RETIRED", first, "SIGN");
    const before = (await logOf(demo, "bridge", "bridge")).at(-1)!;
    const place = { sequence: before.sequence + 2, iat: 1 };
    const previousHash = await hashKeyLogEntry(await thumbprintOf(identity), {
      sequence: before.sequence + 1,
      kid,
      change: "RETIRED",
      statement: one,
      previousHash: before.hash,
    });
    const two = await signKeyStatement(
      { change: "RETIRED", use: "SIGN", kid: other, previousHash, ...place },
      identity,
    );
    await heldUp(
      demo,
      "bridge",
      () => retire(demo, "bridge", kid, one),
      () => retire(demo, "bridge", other, two),
    );
    const withOther = { organisation: "bridge", key: second as never };
    const { text } = await demo.call(withOther, { query: "{ viewer { client { clientId } } }" });
    expect(text).toContain("bot");
  });
});

it("never was a fault of ours", () => {
  expect(demo.faults).toEqual([]);
});

it("an identity key signs statements and nothing else: no tokens, and nothing is sealed to it", async () => {
  const identity = p256();
  const signing = ed25519();
  const issuer = "https://grove.example";
  const jwk = publicHalf(identity);
  const register = (keys: (typeof signing)[]) =>
    demo.ask("coordinator", mutationOf("registerOrganisation", "{ id }"), {
      input: {
        idempotencyKey: randomUUID(),
        handle: "grove",
        issuer,
        identityKey: jwk,
        signingKeys: keys.map(publicHalf),
        scopes: ["KEYS_MANAGE", "CLIENTS_MANAGE", "ORGANISATIONS_READ"],
      },
    });
  const reused = (path: string) => [
    { path: [path], message: expect.stringMatching(/^KEY_REUSED: /) },
  ];
  expect(issuesOf(await register([signing, identity]))).toEqual(reused("signingKeys"));
  expect((await register([signing])).errors).toBeUndefined();
  const caller = { organisation: "grove", clientId: "admin", key: signing, issuer };
  const asGrove = async (query: string, variables: object = {}) =>
    JSON.parse((await demo.call(caller as never, { query, variables })).text) as Answer;
  const kid = await thumbprintOf(jwk);
  for (const use of ["SIGN", "SEAL"] as const) {
    const place = { sequence: 1, previousHash: NO_HASH, iat: Math.floor(Date.now() / 1000) };
    const said = { change: "PUBLISHED", use, kid, jwk, ...place } as const;
    const statement = await signKeyStatement(said, identity);
    const input = { idempotencyKey: randomUUID(), jwk, use, statement };
    const answer = await asGrove(mutationOf("publishKey", "{ kid }"), { input });
    expect(issuesOf(answer), use).toEqual(reused("jwk"));
  }
  const log = await asGrove("{ keyLog { edges { node { kid } } } }");
  expect(log.data["keyLog"].edges).toEqual([]);
});
