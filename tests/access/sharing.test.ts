import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { decodeId, encodeId } from "../../src/kernel/ids.ts";
import { codeOf, type Demo, idOf, startDemo } from "../support/demo.ts";
import { meddle } from "../support/handoffs.ts";
import { heldUp } from "../support/held-up.ts";
import { hold, moveHold, SEARCH, search, shelter, stay } from "../support/holds.ts";
import { mutate } from "../support/mutate.ts";

let demo: Demo;
beforeAll(async () => {
  demo = await startDemo();
});
afterAll(async () => {
  await demo.stop();
});
const ask: Demo["ask"] = (...call) => demo.ask(...call);
const GRANT = `id owner { handle } grantee { __typename ... on Organisation { handle } ... on Circle { name } }
  scopes countries validFrom validUntil revokedAt`;
const grant = (by: string, input: object) =>
  mutate(ask, by, "grantScopes", { scopes: ["BEDS_READ"], ...input }, `{ ${GRANT} }`);
const revoke = (by: string, id: string) => mutate(ask, by, "revokeGrant", { id }, `{ ${GRANT} }`);
const list = async (by: string, direction: string) =>
  (
    await ask(
      by,
      `{ sharingGrants(direction: ${direction}, first: 100) { edges { node { ${GRANT} } } } }`,
    )
  ).data["sharingGrants"].edges.map(({ node }: { node: object }) => node) as {
    id: string;
    owner: { handle: string };
  }[];
const seen = async (by: string) =>
  (await ask(by, SEARCH, { search })).data["bedAvailability"].edges.length as number;
const circle = (field: string, input: object, by = "coordinator") =>
  mutate(ask, by, field, input, "{ id name members { handle } }");
const createCircle = async (handles: string[]) =>
  (
    await circle("createCircle", {
      name: "Test circle",
      stewardId: await idOf(ask, "coordinator"),
      memberIds: await Promise.all(handles.map((handle) => idOf(ask, handle))),
    })
  ).data["createCircle"] as { id: string; members: { handle: string }[] };
const setMembers = async (circleId: string, handles: string[], by?: string) =>
  circle(
    "setCircleMembers",
    { circleId, memberIds: await Promise.all(handles.map((handle) => idOf(ask, handle))) },
    by,
  );
/** Lets the two know of each other: only then can one give the other anything. */
const introduce = async (to: string, whom: string) => {
  const { data } = await ask(whom, "{ viewer { organisation { identityThumbprint } } }");
  const { identityThumbprint } = data["viewer"].organisation;
  await ask(to, `{ organisation(thumbprint: "${identityThumbprint}") { id } }`);
};

describe("a grant", () => {
  it("lets its grantee in (grantScopes) until it is revoked (revokeGrant)", async () => {
    await introduce("harbour", "outsider");
    const organisationId = await idOf(ask, "outsider");
    const made = (await grant("harbour", { organisationId })).data["grantScopes"];
    expect(made).toMatchObject({
      owner: { handle: "harbour" },
      grantee: { __typename: "Organisation", handle: "outsider" },
      scopes: ["BEDS_READ"],
      countries: null,
      revokedAt: null,
    });
    expect(await seen("outsider")).toBe(2);
    expect((await list("outsider", "RECEIVED")).map(({ id }) => id)).toEqual([made.id]);
    const revoked = await revoke("harbour", made.id);
    expect(revoked.data["revokeGrant"].revokedAt).toBeTypeOf("string");
    expect(await revoke("harbour", made.id)).toEqual(revoked);
    expect(await seen("outsider")).toBe(0);
    expect(await list("outsider", "RECEIVED")).toEqual([]);
    expect((await list("harbour", "GIVEN")).map(({ id }) => id)).toContain(made.id);
  });

  it("of one country shares nothing elsewhere", async () => {
    const organisationId = await idOf(ask, "outsider");
    const { data } = await grant("harbour", { organisationId, countries: ["GE"] });
    expect(await seen("outsider")).toBe(0);
    const found = await ask("outsider", SEARCH, { search: { ...search, country: "GE" } });
    expect(found.data["bedAvailability"].edges).toHaveLength(1);
    await revoke("harbour", data["grantScopes"].id);
  });

  it("that begins later shares nothing yet, and that has ended shares nothing more", async () => {
    const organisationId = await idOf(ask, "outsider");
    const validFrom = new Date(Date.now() + 86_400_000).toISOString();
    const { data } = await grant("harbour", { organisationId, validFrom });
    expect(await seen("outsider")).toBe(0);
    expect(await list("outsider", "RECEIVED")).toHaveLength(1);
    await revoke("harbour", data["grantScopes"].id);
    const validUntil = new Date(Date.now() + 86_400_000).toISOString();
    expect(codeOf(await grant("harbour", { organisationId, validUntil }))).toBeUndefined();
    expect(await seen("outsider")).toBe(2);
    await meddle(demo, "update sharing_reach set valid_until = now() where valid_until > now()");
    expect(await seen("outsider")).toBe(0);
    expect(await list("outsider", "RECEIVED")).toEqual([]);
  });

  it("that is revoked lets no hold be confirmed any more, but be released; nobody is told to release others", async () => {
    const organisationId = await idOf(ask, "outsider");
    const { data } = await grant("harbour", { organisationId, scopes: ["BEDS_READ", "BEDS_HOLD"] });
    const apricot = await shelter(ask, "Apricot");
    const placed = async (from: number) =>
      (await hold(ask, "outsider", [stay(apricot, 1, from)])).data["holdBeds"].id as string;
    const [id, confirmed] = [await placed(70), await placed(80)];
    await moveHold(ask, "outsider", "confirmBedHold", confirmed);
    await revoke("harbour", data["grantScopes"].id);
    const told = async (field: string) => (await moveHold(ask, "outsider", field, id)).data[field];
    expect(await told("confirmBedHold")).toMatchObject({ from: "HELD", allowed: ["RELEASED"] });
    expect(await told("releaseBedHold")).toMatchObject({ status: "RELEASED" });
    const MESSAGE = "{ ... on IllegalTransition { message } }";
    const advice = async (of: string) =>
      (await mutate(ask, "outsider", "confirmBedHold", { id: of }, MESSAGE)).data["confirmBedHold"];
    for (const [of, says] of [
      [confirmed, "It is CONFIRMED: from there you can take it to RELEASED. Read it again"],
      [id, "It is RELEASED: no step of yours leads on from there. Read it again"],
    ] as const)
      expect(await advice(of)).toEqual({ message: expect.stringContaining(says) });
    await moveHold(ask, "outsider", "releaseBedHold", confirmed);
  });

  it("is one too many for its grantee, which reads them all, where there are thousands, though two are given at once", async () => {
    const organisationId = await idOf(ask, "lantern");
    const first = await grant("harbour", { organisationId });
    const id = decodeId(first.data["grantScopes"].id)!.uuid;
    await meddle(
      demo,
      `insert into sharing_reach select grant_id, organisation_id, owner_id, null, scope, n::text, valid_from, now()
        from sharing_reach, generate_series(1, 5000) n where grant_id = $1`,
      [id],
    );
    expect(codeOf(await grant("harbour", { organisationId }))).toBe("LIMIT_EXCEEDED");
    await revoke("harbour", first.data["grantScopes"].id);
    await meddle(
      demo,
      `with given as (
          insert into sharing_grant (owner_id, organisation_id, scopes)
            select owner_id, organisation_id, scopes from sharing_grant, generate_series(1, 98) where id = $1
            returning *)
        insert into sharing_reach (grant_id, organisation_id, owner_id, scope, valid_from, valid_until)
          select id, organisation_id, owner_id, 'beds:read', valid_from, now() from given`,
      [id],
    );
    const another = () => grant("harbour", { organisationId });
    const given = await heldUp(demo, "harbour", another, another);
    expect(given.map(codeOf)).toEqual([undefined, "LIMIT_EXCEEDED"]);
    await revoke("harbour", given[0].data["grantScopes"].id);
    await meddle(
      demo,
      "delete from sharing_grant where id in (select grant_id from sharing_reach where valid_until is not null)",
    );
    const again = await grant("harbour", { organisationId });
    expect(again.errors).toBeUndefined();
    await revoke("harbour", again.data["grantScopes"].id);
  });

  it("that has ended by the clock of the database alone is refused", async () => {
    const end = new Date(Date.now() - 1_000).toISOString();
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() - 30_000 });
    const answer = await grant("harbour", {
      organisationId: await idOf(ask, "lantern"),
      validUntil: end,
    });
    vi.useRealTimers();
    expect(codeOf(answer)).toBe("BAD_USER_INPUT");
  });

  it("is answered under the same key as the first time, also when its beginning is long past", async () => {
    const organisationId = await idOf(ask, "lantern");
    const input = { idempotencyKey: randomUUID(), organisationId, validFrom: new Date() };
    const first = await grant("harbour", input);
    vi.useFakeTimers({ toFake: ["Date"], now: Date.now() + 3_600_000 });
    const again = await grant("harbour", input);
    vi.useRealTimers();
    expect(again).toEqual(first);
    await revoke("harbour", first.data["grantScopes"].id);
  });

  it.each<[string, object]>([
    ["no grantee", {}],
    ["two grantees", { organisationId: "x", circleId: "y" }],
    ["no scope", { organisationId: "lantern", scopes: [] }],
    ["a scope that cannot be shared", { organisationId: "lantern", scopes: ["CLIENTS_MANAGE"] }],
    ["an empty list of countries", { organisationId: "lantern", countries: [] }],
    [
      "an end before its beginning",
      { organisationId: "lantern", validUntil: "2020-01-01T00:00:00Z" },
    ],
    ["a beginning in the past", { organisationId: "lantern", validFrom: "2020-01-01T00:00:00Z" }],
    [
      "an end in the past, though after a beginning that clocks may differ by",
      {
        organisationId: "lantern",
        validFrom: new Date(Date.now() - 240_000),
        validUntil: new Date(Date.now() - 180_000),
      },
    ],
    [
      "an end after what RFC 3339 spells",
      { organisationId: "lantern", validUntil: "9999-12-31T23:59:59-14:00" },
    ],
    ["oneself as grantee", { organisationId: "harbour" }],
  ])("is refused with %s", async (_, { organisationId, ...rest }: { organisationId?: string }) => {
    const known = organisationId && organisationId.length > 1;
    const id = known ? await idOf(ask, organisationId) : organisationId;
    expect(codeOf(await grant("harbour", { organisationId: id, ...rest }))).toBe("BAD_USER_INPUT");
  });

  it("is neither given to nor revoked by the wrong organisation", async () => {
    const stranger = await idOf(ask, "lantern");
    const missing = await grant("outsider", {
      organisationId: encodeId("Organisation", randomUUID()),
    });
    expect(codeOf(missing)).toBe("NOT_FOUND");
    for (const grantee of [{ organisationId: stranger }, { organisationId: "" }, { circleId: "" }])
      expect(await grant("outsider", grantee)).toEqual(missing);
    const [given] = await list("harbour", "GIVEN");
    for (const by of ["lantern", "outsider", "coordinator"]) {
      expect(await revoke(by, given!.id)).toEqual(
        await revoke(by, encodeId("SharingGrant", randomUUID())),
      );
    }
  });
});

describe("a circle", () => {
  it("is made and changed by a network admin alone (createCircle, setCircleMembers), never by the wrong organisation", async () => {
    const made = await createCircle(["lantern"]);
    expect(made.members.map(({ handle }) => handle).toSorted()).toEqual(["coordinator", "lantern"]);
    expect(codeOf(await setMembers(made.id, ["outsider"], "lantern"))).toBe("FORBIDDEN");
    const input = { name: "Mine", stewardId: await idOf(ask, "lantern"), memberIds: [] };
    expect(codeOf(await circle("createCircle", input, "lantern"))).toBe("FORBIDDEN");
    expect(codeOf(await setMembers(encodeId("Circle", randomUUID()), []))).toBe("NOT_FOUND");
    const query = "query ($id: ID!) { node(id: $id) { id } }";
    const unseen = await ask("outsider", query, { id: made.id });
    expect(unseen).toEqual(await ask("outsider", query, { id: encodeId("Circle", randomUUID()) }));
    const circles = await ask("outsider", "{ circles { name } }");
    expect(circles.data["circles"]).toEqual([]);
  });

  it("carries a grant to its members of that moment; who joins later has nothing, who leaves loses it for good", async () => {
    const made = await createCircle(["harbour", "outsider"]);
    const given = (await grant("harbour", { circleId: made.id })).data["grantScopes"];
    expect(given.grantee).toEqual({ __typename: "Circle", name: "Test circle" });
    expect(await seen("outsider")).toBe(2);
    expect(await seen("coordinator")).toBe(2);
    await setMembers(made.id, ["harbour"]);
    expect(await seen("outsider")).toBe(0);
    // The owner's own chain says that its grant ended for somebody.
    const told = await meddle(
      demo,
      "select action from audit_entry a join organisation o on o.id = a.organisation_id where o.handle = 'harbour' and subject_id = $1 order by sequence",
      [decodeId(given.id)!.uuid],
    );
    expect(told.rows).toEqual([{ action: "grantScopes" }, { action: "setCircleMembers" }]);
    await setMembers(made.id, ["harbour", "outsider"]);
    expect(await seen("outsider")).toBe(0);
    await setMembers(made.id, []);
    expect((await list("harbour", "GIVEN")).map(({ id }) => id)).toContain(given.id);
    await revoke("harbour", given.id);
    expect(await seen("coordinator")).toBe(0);
  });

  it("is listed with its steward by who once gave it something, also when nothing else ties the two any more", async () => {
    const [stewardId, outsider] = [await idOf(ask, "lantern"), await idOf(ask, "outsider")];
    const input = { name: "Left", stewardId, memberIds: [outsider] };
    const { id } = (await circle("createCircle", input)).data["createCircle"];
    const given = (await grant("outsider", { circleId: id })).data["grantScopes"];
    await revoke("outsider", given.id);
    await setMembers(id, []);
    const list = await ask(
      "outsider",
      "{ circles { name } sharingGrants(direction: GIVEN) { edges { node { grantee { ... on Circle { steward { handle identityKey } members { handle } } } } } } }",
    );
    expect(list.data["circles"]).toEqual([]);
    const steward = { handle: "lantern", identityKey: expect.any(Object) };
    expect(list.data["sharingGrants"].edges.map(({ node }: { node: object }) => node)).toEqual([
      { grantee: { steward, members: [] } },
    ]);
    expect(codeOf(await grant("outsider", { organisationId: stewardId }))).toBe("NOT_FOUND");
  });

  it("cannot be given anything by who is not in it", async () => {
    const made = await createCircle(["lantern"]);
    const missing = await grant("outsider", { circleId: encodeId("Circle", randomUUID()) });
    expect(codeOf(missing)).toBe("NOT_FOUND");
    expect(await grant("outsider", { circleId: made.id })).toEqual(missing);
  });
});

it("never was a fault of ours", () => {
  expect(demo.faults).toEqual([]);
});
