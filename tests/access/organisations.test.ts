import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeId } from "../../src/kernel/ids.ts";
import { generateSigningKey } from "../../src/platform/auth/sign.ts";
import { type Answer, codeOf, type Demo, idOf, startDemo } from "../support/demo.ts";
import { meddle } from "../support/handoffs.ts";
import { heldUp } from "../support/held-up.ts";
import { SEARCH, search } from "../support/holds.ts";
import { mutate } from "../support/mutate.ts";

let demo: Demo;
beforeAll(async () => {
  demo = await startDemo();
});
afterAll(async () => {
  await demo.stop();
});
const ask: Demo["ask"] = (...call) => demo.ask(...call);
const write = (organisation: string, field: string, input: object) =>
  mutate(ask, organisation, field, input, "{ id handle status scopes }");
const setStatus = (organisation: string, organisationId: string, status: string) =>
  write(organisation, "setOrganisationStatus", { organisationId, status });
const setScopes = (organisation: string, organisationId: string, scopes: string[]) =>
  write(organisation, "setOrganisationScopes", { organisationId, scopes });
const lockDown = (organisation: string, organisationId: string) =>
  write(organisation, "lockDownOrganisation", { organisationId });
const nobody = () => encodeId("Organisation", randomUUID());

async function register(handle: string, input: object = {}, by = "coordinator") {
  const { publicJwk, privateJwk } = await generateSigningKey();
  const issuer = `https://${handle}.example`;
  const registration = {
    handle,
    identityKey: (await generateSigningKey()).publicJwk,
    issuer,
    signingKeys: [publicJwk],
    scopes: ["BEDS_READ", "CLIENTS_MANAGE", "SHARING_MANAGE", "ORGANISATIONS_READ"],
  };
  const answer = await write(by, "registerOrganisation", { ...registration, ...input });
  return { answer, caller: { organisation: handle, clientId: "admin", key: privateJwk, issuer } };
}
const asNew = async (
  caller: Awaited<ReturnType<typeof register>>["caller"],
  query: string,
  variables: object = {},
) => JSON.parse((await demo.call(caller, { query, variables })).text) as Answer;

describe("registerOrganisation", () => {
  it("lets a new organisation's admin in with the scopes of administration", async () => {
    const { answer, caller } = await register("meadow");
    expect(answer.data["registerOrganisation"]).toMatchObject({
      handle: "meadow",
      status: "ACTIVE",
    });
    const query =
      "{ viewer { scopes client { clientId kind } } organisations { edges { node { handle } } } }";
    expect((await asNew(caller, query)).data).toEqual({
      viewer: {
        scopes: ["CLIENTS_MANAGE", "ORGANISATIONS_READ", "SHARING_MANAGE"],
        client: { clientId: "admin", kind: "ADMIN" },
      },
      organisations: { edges: [{ node: { handle: "meadow" } }] },
    });
  });

  it.each<[string, object]>([
    ["a handle with capitals", { handle: "Meadow" }],
    ["a handle that is taken", { handle: "lantern" }],
    ["an issuer in clear", { issuer: "http://meadow.example" }],
    ["an issuer with a query", { issuer: "https://meadow.example?a" }],
    ["no keys at all", { signingKeys: [] }],
    ["keys behind credentials", { jwksUri: "https://meadow:secret@meadow.example/jwks" }],
    ["no scopes", { scopes: [] }],
    ["a scope twice", { scopes: ["CLIENTS_MANAGE", "BEDS_READ", "BEDS_READ"] }],
    ["nobody who could register its clients", { scopes: ["BEDS_READ", "SHARING_MANAGE"] }],
    ["a key that is none", { identityKey: { kty: "oct", k: "AAAA" } }],
    ["a short idempotency key", { idempotencyKey: "short" }],
  ])("refuses %s", async (_, input) => {
    expect(codeOf((await register("orchard", input)).answer)).toBe("BAD_USER_INPUT");
  });

  it("never repeats a private key that was sent by mistake", async () => {
    const { privateJwk } = await generateSigningKey();
    const { answer } = await register("orchard", { identityKey: privateJwk });
    expect(codeOf(answer)).toBe("BAD_USER_INPUT");
    expect(JSON.stringify(answer)).not.toContain(privateJwk.d);
    expect(JSON.stringify(answer)).toContain("private members");
  });

  it("is FORBIDDEN to the wrong organisation, one without network:admin", async () => {
    for (const by of ["lantern", "outsider"]) {
      expect(codeOf((await register("orchard", {}, by)).answer)).toBe("FORBIDDEN");
    }
  });
});

describe("an organisation (findOrganisationId)", () => {
  const BY = `query ($id: ID, $handle: String, $thumbprint: Thumbprint) {
    organisation(id: $id, handle: $handle, thumbprint: $thumbprint) { id handle scopes clients { clientId } } }`;

  it("is nobody to the wrong organisation, by id, handle, node and entity, until its thumbprint is named", async () => {
    const { caller } = await register("thicket");
    const harbour = await idOf(ask, "harbour");
    const missing = nobody();
    const node = "query ($id: ID!) { node(id: $id) { __typename id } }";
    const entity =
      'query ($id: ID!) { _entities(representations: [{__typename: "Organisation", id: $id}]) { ... on Organisation { handle } } }';
    const same = async (query: string, one: object, other: object) => {
      const answer = await demo.call(caller, { query, variables: one });
      expect(answer).toEqual(await demo.call(caller, { query, variables: other }));
      return JSON.parse(answer.text) as Answer;
    };
    expect((await same(BY, { id: harbour }, { id: missing })).data["organisation"]).toBeNull();
    expect((await same(BY, { handle: "harbour" }, { handle: "no-such" })).errors).toBeUndefined();
    await same(node, { id: harbour }, { id: missing });
    await same(node, { id: harbour }, { id: "not an id" });
    await same(entity, { id: harbour }, { id: missing });

    const { data } = await ask("harbour", "{ viewer { organisation { identityThumbprint } } }");
    const thumbprint = data["viewer"].organisation.identityThumbprint as string;
    expect((await asNew(caller, BY, { thumbprint })).data["organisation"]).toEqual({
      id: harbour,
      handle: "harbour",
      scopes: null,
      clients: null,
    });
    expect((await asNew(caller, node, { id: harbour })).data["node"]).toMatchObject({
      __typename: "Organisation",
    });
    expect(codeOf(await asNew(caller, BY, { thumbprint, id: harbour }))).toBe("BAD_USER_INPUT");
    expect(codeOf(await asNew(caller, BY, {}))).toBe("BAD_USER_INPUT");
  });

  it("shows its scopes and clients to its own admins and to network admins", async () => {
    const id = await idOf(ask, "lantern");
    for (const by of ["lantern", "coordinator"]) {
      const { data } = await ask(by, BY, { id });
      expect(data["organisation"].clients).toHaveLength(3);
      expect(data["organisation"].scopes).toHaveLength(16);
    }
    const { text } = await demo.post("lantern", { query: BY, variables: { id } }, ["beds:read"]);
    expect((JSON.parse(text) as Answer).data["organisation"]).toMatchObject({
      scopes: null,
      clients: null,
    });
  });
});

describe("a network admin", () => {
  it("lowers a ceiling (setOrganisationScopes), and clients and grants lose it at once", async () => {
    const { caller, answer } = await register("brook");
    const id = answer.data["registerOrganisation"].id as string;
    const lowered = await setScopes("coordinator", id, ["ORGANISATIONS_READ"]);
    expect(lowered.data["setOrganisationScopes"].scopes).toEqual(["ORGANISATIONS_READ"]);
    expect((await asNew(caller, "{ viewer { scopes } }")).data["viewer"].scopes).toEqual([
      "ORGANISATIONS_READ",
    ]);
    const own = await idOf(ask, "coordinator");
    expect(codeOf(await setScopes("coordinator", own, ["BEDS_READ"]))).toBe("BAD_USER_INPUT");
  });

  it("suspends and readmits (setOrganisationStatus): what a suspended one shares lies dormant", async () => {
    const harbour = await idOf(ask, "harbour");
    const seen = async () =>
      (await ask("lantern", SEARCH, { search })).data["bedAvailability"].edges.length as number;
    const before = await seen();
    expect(before).toBeGreaterThan(0);
    await setStatus("coordinator", harbour, "SUSPENDED");
    expect(await seen()).toBe(0);
    expect(codeOf(await ask("harbour", "{ viewer { scopes } }"))).toBe("UNAUTHENTICATED");
    await setStatus("coordinator", harbour, "ACTIVE");
    expect(await seen()).toBe(before);
    const own = await idOf(ask, "coordinator");
    expect(codeOf(await setStatus("coordinator", own, "SUSPENDED"))).toBe("BAD_USER_INPUT");
    expect(codeOf(await setStatus("coordinator", nobody(), "SUSPENDED"))).toBe("NOT_FOUND");
  });

  it("makes no more circles than one answer tells (createCircle)", async () => {
    const fill = `insert into circle (name, steward_id)
      select 'Full', id from organisation, generate_series(1, 200 - (select count(*) from circle))
      where handle = 'coordinator'`;
    await meddle(demo, fill);
    const { data } = await ask("coordinator", "{ circles { name } }");
    expect(data["circles"]).toHaveLength(200);
    const input = { name: "One more", stewardId: await idOf(ask, "coordinator"), memberIds: [] };
    const make = () => mutate(ask, "coordinator", "createCircle", input);
    expect(codeOf(await make())).toBe("LIMIT_EXCEEDED");
    await meddle(demo, "delete from circle where name = 'Full'");
    expect((await make()).errors).toBeUndefined();
  });

  it("is not played by the wrong organisation", async () => {
    const harbour = await idOf(ask, "harbour");
    for (const by of ["lantern", "outsider", "harbour"]) {
      expect(codeOf(await setStatus(by, harbour, "SUSPENDED"))).toBe("FORBIDDEN");
      expect(codeOf(await setScopes(by, harbour, ["BEDS_READ"]))).toBe("FORBIDDEN");
    }
  });
});

describe("lockDownOrganisation", () => {
  it("says NOT_FOUND to the wrong organisation, as for one that is not there", async () => {
    const harbour = await idOf(ask, "harbour");
    const missing = await lockDown("outsider", nobody());
    expect(codeOf(missing)).toBe("NOT_FOUND");
    for (const by of ["outsider", "lantern", "coordinator"]) {
      expect(await lockDown(by, harbour)).toEqual(missing);
    }
  });

  it("answers, and from then on nothing of the organisation works or is shared", async () => {
    const harbour = await idOf(ask, "harbour");
    const answer = await lockDown("harbour", harbour);
    expect(answer.data["lockDownOrganisation"].status).toBe("LOCKED_DOWN");
    expect(codeOf(await ask("harbour", "{ viewer { scopes } }"))).toBe("UNAUTHENTICATED");
    const seen = await ask("lantern", SEARCH, { search });
    expect(seen.data["bedAvailability"].edges).toEqual([]);
    await setStatus("coordinator", harbour, "ACTIVE");
    expect((await ask("lantern", SEARCH, { search })).data["bedAvailability"].edges).toEqual([]);
    const given = await ask(
      "harbour",
      "{ sharingGrants(direction: GIVEN) { edges { node { revokedAt } } } }",
    );
    for (const { node } of given.data["sharingGrants"].edges)
      expect(node.revokedAt).toBeTypeOf("string");
  });

  const share = async (by: string, grantee: object) => {
    const input = { idempotencyKey: randomUUID(), scopes: ["BEDS_READ"], ...grantee };
    const document =
      "mutation ($input: GrantScopesInput!) { grantScopes(input: $input) { id revokedAt } }";
    return (await ask(by, document, { input })).data["grantScopes"] as { id: string };
  };

  it.each(["before", "after"])("leaves nothing of what it gives a moment %s", async (when) => {
    const [harbour, lantern] = [await idOf(ask, "harbour"), await idOf(ask, "lantern")];
    // Who is locked down is not told what became of it.
    const give = () => share("harbour", { organisationId: lantern }).catch(() => null);
    const lock = () => lockDown("harbour", harbour);
    await (when === "before"
      ? heldUp(demo, "harbour", give, lock)
      : heldUp(demo, "harbour", lock, give));
    expect((await setStatus("coordinator", harbour, "ACTIVE")).errors).toBeUndefined();
    expect((await ask("lantern", SEARCH, { search })).data["bedAvailability"].edges).toEqual([]);
  });

  it("is told to the owner of a grant to a circle, which reaches it no longer", async () => {
    const [lantern, harbour] = [await idOf(ask, "lantern"), await idOf(ask, "harbour")];
    const created = await mutate(ask, "coordinator", "createCircle", {
      name: "Lost",
      stewardId: harbour,
      memberIds: [lantern],
    });
    const { id } = await share("harbour", { circleId: created.data["createCircle"].id });
    await lockDown("lantern", lantern);
    const nodes = async (query: string, field: string) =>
      (await ask("harbour", `{ ${query} }`)).data[field].edges.map(
        ({ node }: { node: object }) => node,
      ) as object[];
    // An event is told once nothing older is under way, of other tests either.
    const events = "events(kinds: [GRANT_CHANGED]) { edges { node { subjectId } } }";
    const toldOf = async () =>
      (await nodes(events, "events")).filter(
        (node) => "subjectId" in node && node.subjectId === id,
      );
    await expect.poll(toldOf).toEqual([{ subjectId: id }, { subjectId: id }]);
    const entries = "auditTrail { edges { node { action subjectId } } }";
    expect(await nodes(entries, "auditTrail")).toContainEqual({
      action: "lockDownOrganisation",
      subjectId: id,
    });
    await setStatus("coordinator", lantern, "ACTIVE");
  });
});

it("never was a fault of ours", () => {
  expect(demo.faults).toEqual([]);
});
