import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { encodeId } from "../../src/kernel/ids.ts";
import { type Answer, codeOf, type Demo, idOf, startDemo } from "../support/demo.ts";

let demo: Demo;
beforeAll(async () => {
  demo = await startDemo();
});
afterAll(async () => {
  await demo.stop();
});
const ask: Demo["ask"] = (...call) => demo.ask(...call);
const write = (organisation: string, field: string, input: object) =>
  ask(
    organisation,
    `mutation ($input: ${field[0]!.toUpperCase()}${field.slice(1)}Input!) {
      ${field}(input: $input) { id clientId kind scopes revokedAt } }`,
    { input: { idempotencyKey: randomUUID(), ...input } },
  );
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

describe("an admin", () => {
  it("registers a client (registerClient) that can do what both may", async () => {
    const made = await register("lantern", "night-bot", ["BEDS_READ"]);
    expect(made.data["registerClient"]).toMatchObject({ clientId: "night-bot", revokedAt: null });
    expect((await viewer("lantern", "night-bot")).data["viewer"].scopes).toEqual(["BEDS_READ"]);
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
    expect(await idOf(ask, "harbour")).toBeTypeOf("string");
  });
});

it("never was a fault of ours", () => {
  expect(demo.faults).toEqual([]);
});
