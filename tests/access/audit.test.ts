import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { decodeId } from "../../src/kernel/ids.ts";
import { thumbprint } from "../../src/kernel/jwk.ts";
import { SCOPES } from "../../src/kernel/scopes.ts";
import { verifyAuditExport } from "../../src/sealing/audit/index.ts";
import { codeOf, type Demo, idOf, startDemo } from "../support/demo.ts";
import { hold, moveHold, shelter, stay } from "../support/holds.ts";
import { meddle } from "../support/handoffs.ts";
import { mutate } from "../support/mutate.ts";

let demo: Demo;
let holdId: string;
beforeAll(async () => {
  demo = await startDemo();
  const placed = await hold(ask, "lantern", [stay(await shelter(ask, "Pomegranate"), 2)]);
  holdId = placed.data["holdBeds"].id as string;
  await moveHold(ask, "lantern", "confirmBedHold", holdId);
});
afterAll(async () => {
  await demo.stop();
});
const ask: Demo["ask"] = (...call) => demo.ask(...call);

const ENTRY = `sequence at clientId organisation { id handle } owner { handle } action scope subjectId record previousHash hash`;
const TRAIL = `query ($first: Int! = 100, $after: String) { auditTrail(first: $first, after: $after) {
  edges { cursor node { ${ENTRY} } } pageInfo { hasNextPage endCursor } } }`;
const CHECKPOINT = "{ auditCheckpoint { sequence hash signature nodeKey } }";
const BLAST = `query ($organisationId: ID!, $since: DateTime!) { blastRadius(organisationId: $organisationId, since: $since) {
  owner { handle } action count lastAt } }`;
const trailOf = async (organisation: string) =>
  (await ask(organisation, TRAIL)).data["auditTrail"].edges.map(
    ({ node }: { node: object }) => node,
  );
const write = (organisation: string, field: string, input: object) =>
  mutate(ask, organisation, field, input, "{ __typename }");

describe("the trail", () => {
  it("tells the owner what was done, by whom and when, and not by which client", async () => {
    expect((await trailOf("harbour")).at(-1)).toMatchObject({
      clientId: null,
      organisation: { handle: "lantern" },
      owner: { handle: "harbour" },
      action: "confirmBedHold",
      scope: "BEDS_HOLD",
      subjectId: holdId,
    });
  });

  it("tells the actor its client too", async () => {
    expect((await trailOf("lantern")).slice(-2)).toMatchObject([
      { clientId: "bot", owner: { handle: "harbour" }, action: "holdBeds" },
      { clientId: "bot", owner: { handle: "harbour" }, action: "confirmBedHold" },
    ]);
  });

  it("is paged by its own sequence, each entry once", async () => {
    const seen: number[] = [];
    let after: string | null = null;
    do {
      const { data }: Awaited<ReturnType<typeof ask>> = await ask("harbour", TRAIL, {
        first: 2,
        after,
      });
      const { edges, pageInfo } = data["auditTrail"];
      seen.push(...edges.map(({ node }: { node: { sequence: number } }) => node.sequence));
      after = pageInfo.hasNextPage ? (pageInfo.endCursor as string) : null;
    } while (after !== null);
    expect(seen).toEqual(seen.map((_, i) => i + 1));
    expect(seen.length).toBeGreaterThan(4);
    expect(codeOf(await ask("harbour", TRAIL, { after: "bm8" }))).toBe("BAD_USER_INPUT");
  });

  it("names whoever touched what is the caller's also when nothing ties the two any more", async () => {
    await meddle(demo, "delete from circle_member");
    await meddle(demo, "delete from sharing_grant");
    await meddle(
      demo,
      "update audit_entry set actor_id = (select id from organisation where handle = 'outsider') where action = 'createShelter'",
    );
    const names = (await trailOf("harbour")).map(
      (entry: { organisation: { handle: string } }) => entry.organisation.handle,
    );
    expect(names).toContain("outsider");
    const id = await idOf(ask, "outsider");
    const found = await ask("harbour", "query ($id: ID!) { node(id: $id) { id } }", { id });
    expect(found.data["node"]).toBeNull();
  });
});

describe("the wrong organisation", () => {
  it("gets its own trail and checkpoint (signCheckpoint), and of another's nothing", async () => {
    expect(await trailOf("outsider")).toEqual([]);
    const { data } = await ask("outsider", CHECKPOINT);
    expect(data["auditCheckpoint"]).toMatchObject({ sequence: 0, hash: "0".repeat(64) });
    const claims = String(data["auditCheckpoint"].signature).split(".")[1]!;
    const { sub } = JSON.parse(Buffer.from(claims, "base64url").toString()) as { sub: string };
    expect(sub).toBe(decodeId(await idOf(ask, "outsider"))!.uuid);
  });

  it("gets FORBIDDEN without audit:read", async () => {
    const scopes = SCOPES.filter((scope) => scope !== "audit:read");
    for (const query of [TRAIL, CHECKPOINT]) {
      const { text } = await demo.post("harbour", { query }, scopes);
      expect(codeOf(JSON.parse(text))).toBe("FORBIDDEN");
    }
  });

  it("gets no blast radius without network:admin, whoever it asks about", async () => {
    const since = new Date(0).toISOString();
    for (const handle of ["lantern", "harbour"]) {
      const organisationId = await idOf(ask, handle);
      const answer = await ask("lantern", BLAST, { organisationId, since });
      expect(codeOf(answer)).toBe("FORBIDDEN");
    }
  });
});

it("a trail and its checkpoint hold offline, by the node's key", async () => {
  const other = await startDemo();
  const trail = await other.ask("harbour", TRAIL);
  const { data } = await other.ask("harbour", CHECKPOINT);
  const checkpoint = data["auditCheckpoint"];
  const entries = trail.data["auditTrail"].edges.map(
    ({ node }: { node: { record: string; hash: string } }) => node,
  );
  const organisation = decodeId(await idOf((...call) => other.ask(...call), "harbour"))!.uuid;
  const nodeKey = thumbprint(checkpoint.nodeKey);
  const given = { organisation, entries, checkpoint };
  expect(entries.length).toBeGreaterThan(3);
  expect(await verifyAuditExport(given, { organisation, nodeKey })).toEqual([]);
  await other.stop();
});

describe("the blast radius", () => {
  const since = new Date(Date.now() - 3_600_000).toISOString();
  const radius = async (handle: string, from = since) =>
    (await ask("coordinator", BLAST, { organisationId: await idOf(ask, handle), since: from }))
      .data["blastRadius"];
  const touched = [
    { owner: { handle: "harbour" }, action: "confirmBedHold", count: 1 },
    { owner: { handle: "harbour" }, action: "holdBeds", count: 1 },
  ];

  it("counts by owner and action what was not its own, to the hour", async () => {
    const entries = await radius("lantern");
    expect(entries).toMatchObject(touched);
    for (const { lastAt } of entries) expect(lastAt).toMatch(/T\d\d:00:00.000Z$/);
    expect(await radius("harbour")).toEqual([]);
    expect(await radius("lantern", new Date(Date.now() + 3_600_000).toISOString())).toEqual([]);
  });

  it("counts from the full hour on: no later beginning within it finds out the minute", async () => {
    const [{ lastAt }] = await radius("lantern");
    await meddle(demo, `update audit_entry set at = '${lastAt}' where action = 'holdBeds'`);
    const fromFullHour = await radius("lantern", lastAt);
    expect(fromFullHour).toMatchObject(touched);
    expect(await radius("lantern", lastAt.replace("00:00.000", "59:59.999"))).toEqual(fromFullHour);
  });

  it("is LIMIT_EXCEEDED beyond what one answer tells, until it is asked from later on", async () => {
    const planted = "a";
    await meddle(
      demo,
      `insert into audit_entry select e.organisation_id, 100000 + n, e.at - interval '2 hours', e.actor_id, e.client_name, e.owner_id,
          '${planted}' || n, e.scope, e.subject_type, e.subject_id, e.previous_hash, e.hash
        from audit_entry e, generate_series(1, 1999) n
        where e.action = 'holdBeds' and e.organisation_id = e.actor_id`,
    );
    const from = new Date(Date.now() - 4 * 3_600_000).toISOString();
    const organisationId = await idOf(ask, "lantern");
    expect(codeOf(await ask("coordinator", BLAST, { organisationId, since: from }))).toBe(
      "LIMIT_EXCEEDED",
    );
    await meddle(demo, `delete from audit_entry where action = '${planted}1'`);
    const told = await radius("lantern", from);
    expect(told).toHaveLength(2_000);
    // The latest come first.
    expect(told.slice(0, 2)).toMatchObject(touched);
    await meddle(demo, `delete from audit_entry where action like '${planted}%'`);
  });

  it("does not count what the clock did", async () => {
    await meddle(
      demo,
      "update audit_entry set client_name = null where action = 'confirmBedHold' and organisation_id = actor_id",
    );
    expect(await radius("lantern")).toMatchObject(touched.slice(1));
    await meddle(
      demo,
      "update audit_entry set client_name = 'bot' where action = 'confirmBedHold' and organisation_id = actor_id",
    );
  });

  it("tells of an organisation that is locked down", async () => {
    const organisationId = await idOf(ask, "lantern");
    await write("coordinator", "setOrganisationStatus", { organisationId, status: "LOCKED_DOWN" });
    const answer = await ask("coordinator", BLAST, { organisationId, since });
    expect(answer.data["blastRadius"]).toMatchObject(touched);
  });

  it("of what is no organisation is NOT_FOUND", async () => {
    const organisationId = holdId;
    expect(codeOf(await ask("coordinator", BLAST, { organisationId, since }))).toBe("NOT_FOUND");
  });
});
