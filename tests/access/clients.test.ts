import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeId, encodeId } from "../../src/kernel/ids.ts";
import { generateSigningKey } from "../../src/platform/auth/sign.ts";
import { type Answer, codeOf, type Demo, startDemo } from "../support/demo.ts";
import { meddle } from "../support/handoffs.ts";
import { heldUp } from "../support/held-up.ts";
import { mutate, mutationOf } from "../support/mutate.ts";
import { present, proofOf } from "../support/proofs.ts";

let demo: Demo;
beforeAll(async () => {
  demo = await startDemo();
});
afterAll(async () => {
  await demo.stop();
});
const ask: Demo["ask"] = (...call) => demo.ask(...call);
const write = (organisation: string, field: string, input: object) =>
  mutate(ask, organisation, field, input, "{ id clientId kind scopes requireDpop revokedAt }");
const register = (organisation: string, clientId: string, scopes: string[], kind = "BOT") =>
  write(organisation, "registerClient", { clientId, kind, scopes });
const viewer = async (organisation: string, clientId: string) =>
  JSON.parse(
    (await demo.call({ organisation, clientId }, { query: "{ viewer { scopes } }" })).text,
  ) as Answer;
const clientsOf = async (organisation: string) => {
  const { data } = await ask(
    organisation,
    "{ viewer { organisation { clients { id clientId } } } }",
  );
  return new Map<string, string>(
    data["viewer"].organisation.clients.map(
      ({ id, clientId }: { id: string; clientId: string }) => [clientId, id],
    ),
  );
};

const registerToProve = (by: string, clientId: string, requireDpop?: boolean | null) =>
  write(by, "registerClient", { clientId, kind: "BOT", scopes: ["BEDS_READ"], requireDpop });

describe("a client that must prove its key", () => {
  it("is told no mismatch where the same is left out, or null", async () => {
    const input = {
      idempotencyKey: randomUUID(),
      clientId: "twice",
      kind: "BOT",
      scopes: ["BEDS_READ"],
    };
    const first = await write("coordinator", "registerClient", input);
    expect(first.errors).toBeUndefined();
    expect(await write("coordinator", "registerClient", { ...input, requireDpop: null })).toEqual(
      first,
    );
  });

  it("can be registered so (registerClient), and no other of that name is", async () => {
    const made = await registerToProve("lantern", "prover", true);
    expect(made.data["registerClient"].requireDpop).toBe(true);
    for (const [nth, not] of [undefined, null, false].entries()) {
      const other = await registerToProve("lantern", `bearer-${nth}`, not);
      expect(other.data["registerClient"].requireDpop).toBe(false);
    }
    await registerToProve("harbour", "prover");
    const holder = await generateSigningKey();
    const of = (organisation: string, jkt?: string) =>
      demo.tokenOf({ organisation, clientId: "prover", ...(jkt !== undefined && { jkt }) });
    expect((await present(demo.url, `Bearer ${await of("lantern")}`)).status).toBe(401);
    const bound = await of("lantern", holder.kid);
    expect((await present(demo.url, `DPoP ${bound}`, proofOf(holder, bound))).status).toBe(200);
    expect((await present(demo.url, `Bearer ${await of("harbour")}`)).status).toBe(200);
  });

  it("is made one by an act in its organisation's audit chain (setClientDpop); a refused try is none", async () => {
    const id = (await clientsOf("lantern")).get("dashboard")!;
    const trail = `{ auditTrail { edges { node {
      action scope subjectId clientId organisation { handle } owner { handle } } } } }`;
    const entriesOf = async (by: string): Promise<object[]> => {
      const { data } = await ask(by, trail);
      const entries = data["auditTrail"].edges.map(({ node }: { node: object }) => node);
      return entries.filter(({ subjectId }: { subjectId: string }) => subjectId === id);
    };
    expect(await entriesOf("lantern")).toEqual([]);
    await write("lantern", "setClientDpop", { id, requireDpop: true });
    await write("harbour", "setClientDpop", { id, requireDpop: false });
    await write("lantern", "setClientDpop", { id, requireDpop: false });
    const lantern = { handle: "lantern" };
    const entry = {
      action: "setClientDpop",
      scope: "CLIENTS_MANAGE",
      subjectId: id,
      clientId: "bot",
      organisation: lantern,
      owner: lantern,
    };
    expect(await entriesOf("lantern")).toEqual([entry, entry]);
    expect(await entriesOf("harbour")).toEqual([]);
  });
});

describe("an admin", () => {
  it("registers a client (registerClient) that can do what both may", async () => {
    const made = await register("lantern", "night-bot", ["BEDS_READ"]);
    expect(made.data["registerClient"]).toMatchObject({ clientId: "night-bot", revokedAt: null });
    expect((await viewer("lantern", "night-bot")).data["viewer"].scopes).toEqual(["BEDS_READ"]);
  });

  it("has a hundred clients at most, though two are registered at once, and is told of as many that were revoked, the last", async () => {
    const { id } = (await register("bridge", "spare", ["BEDS_READ"])).data["registerClient"];
    await meddle(
      demo,
      `insert into client (organisation_id, name, kind, scopes, revoked_at)
        select organisation_id, 'former-' || n, kind, scopes, now() - interval '1 day' + n * interval '1 second'
          from client, generate_series(1, 150) n where id = $1
        union all
        select organisation_id, 'other-' || n, kind, scopes, null from client, generate_series(1, 95) n where id = $1`,
      [decodeId(id)!.uuid],
    );
    const made = await heldUp(
      demo,
      "bridge",
      () => register("bridge", "last-one", ["BEDS_READ"]),
      () => register("bridge", "one-more", ["BEDS_READ"]),
    );
    expect(made.map(codeOf)).toEqual([undefined, "LIMIT_EXCEEDED"]);
    const revoked = await write("bridge", "revokeClient", { id });
    expect(revoked.data["revokeClient"].revokedAt).toBeTypeOf("string");
    // Revoked before: it is found, and stays as it was.
    expect(await write("bridge", "revokeClient", { id })).toEqual(revoked);
    expect(codeOf(await register("bridge", "one-more", ["BEDS_READ"]))).toBeUndefined();
    const names = [...(await clientsOf("bridge")).keys()];
    expect(names).toEqual(names.toSorted());
    const former = names.filter((name) => name.startsWith("former-"));
    expect([names.length, former.length, names.includes("spare")]).toEqual([200, 99, true]);
    expect(former).not.toContain("former-51");
    expect(former).toContain("former-52");
  });

  it.each<[string, string, string[]]>([
    ["a scope its organisation lacks", "greedy", ["NETWORK_ADMIN"]],
    ["no scope", "idle", []],
    ["a client id that is taken", "bot", ["BEDS_READ"]],
    ["a client id with blanks", "my bot", ["BEDS_READ"]],
  ])("cannot register %s", async (_, clientId, scopes) => {
    expect(codeOf(await register("lantern", clientId, scopes))).toBe("BAD_USER_INPUT");
  });

  it("changes scopes (setClientScopes) and revokes (revokeClient), with effect at once", async () => {
    const made = await register("lantern", "day-bot", ["BEDS_READ"]);
    const id = made.data["registerClient"].id as string;
    await write("lantern", "setClientScopes", { id, scopes: ["AUDIT_READ", "BEDS_READ"] });
    expect((await viewer("lantern", "day-bot")).data["viewer"].scopes).toEqual([
      "AUDIT_READ",
      "BEDS_READ",
    ]);
    const revoked = await write("lantern", "revokeClient", { id });
    const { revokedAt } = revoked.data["revokeClient"];
    expect(revokedAt).toBeTypeOf("string");
    expect(codeOf(await viewer("lantern", "day-bot"))).toBe("UNAUTHENTICATED");
    const again = await write("lantern", "revokeClient", { id });
    expect(again.data["revokeClient"].revokedAt).toBe(revokedAt);
  });

  it("can drop its own scopes and is answered", async () => {
    const clients = await clientsOf("bridge");
    const id = clients.get("bot");
    const answer = await write("bridge", "setClientScopes", { id, scopes: ["BEDS_READ"] });
    expect(answer.data["setClientScopes"].scopes).toEqual(["BEDS_READ"]);
    expect((await viewer("bridge", "bot")).data["viewer"].scopes).toEqual(["BEDS_READ"]);
  });

  it("leaves an organisation one admin, however many try at once", async () => {
    const clients = await clientsOf("outsider");
    await register("outsider", "second", ["CLIENTS_MANAGE"], "ADMIN");
    const admins = [clients.get("admin"), (await clientsOf("outsider")).get("second")];
    const answers = await Promise.all(
      admins.map((id) => write("outsider", "revokeClient", { id })),
    );
    expect(answers.map(codeOf)).toEqual(expect.arrayContaining(["BAD_USER_INPUT", undefined]));
    const left = admins[answers.findIndex((answer) => answer.errors)];
    const scopes = ["BEDS_READ"];
    expect(codeOf(await write("outsider", "setClientScopes", { id: left, scopes }))).toBe(
      "BAD_USER_INPUT",
    );
  });

  it.each([
    ["revocation", "revokeClient", {}, "UNAUTHENTICATED"],
    ["loss of the scope", "setClientScopes", { scopes: ["BEDS_READ"] }, "FORBIDDEN"],
  ])("is let in no more where it waited behind its own %s", async (_, field, input, code) => {
    const clientId = `thief-of-${field.toLowerCase()}`;
    const { data } = await register("harbour", clientId, ["CLIENTS_MANAGE"], "ADMIN");
    const back = { clientId: "back-door", kind: "BOT", scopes: ["CLIENTS_MANAGE"] };
    const [revoked, late] = await heldUp(
      demo,
      "harbour",
      () => write("harbour", field, { id: data["registerClient"].id, ...input }),
      () =>
        demo.call(
          { organisation: "harbour", clientId },
          {
            query: mutationOf("registerClient"),
            variables: { input: { idempotencyKey: randomUUID(), ...back } },
          },
        ),
    );
    expect(revoked.errors).toBeUndefined();
    expect(codeOf(JSON.parse(late.text))).toBe(code);
    expect((await clientsOf("harbour")).has("back-door")).toBe(false);
  });

  it("is not played by the wrong organisation, with a network admin's scopes or without", async () => {
    const id = (await clientsOf("harbour")).get("dashboard");
    const missing = encodeId("Client", randomUUID());
    for (const by of ["lantern", "coordinator"]) {
      for (const [field, input] of [
        ["setClientDpop", { requireDpop: true }],
        ["setClientScopes", { scopes: ["BEDS_READ"] }],
        ["revokeClient", {}],
      ] as const) {
        const foreign = await write(by, field, { id, ...input });
        expect(codeOf(foreign)).toBe("NOT_FOUND");
        expect(foreign).toEqual(await write(by, field, { id: missing, ...input }));
      }
    }
    const query = "query ($id: ID!) { node(id: $id) { __typename } }";
    expect(await ask("lantern", query, { id })).toEqual(
      await ask("lantern", query, { id: missing }),
    );
    // It can only ever register clients of its own.
    await register("coordinator", "made-here", ["BEDS_READ"]);
    expect((await clientsOf("harbour")).has("made-here")).toBe(false);
  });
});

it("never was a fault of ours", () => {
  expect(demo.faults).toEqual([]);
});
