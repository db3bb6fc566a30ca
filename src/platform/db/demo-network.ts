import pg from "pg";
import { SCOPES, type Scope } from "../../kernel/scopes.ts";
import { DEMO_ORGANISATIONS, demoIssuer, demoKey, isOfDemo } from "../auth/demo-keys.ts";

const scopesOf = (handle: string): readonly Scope[] =>
  handle === DEMO_ORGANISATIONS[0] ? SCOPES : SCOPES.filter((scope) => scope !== "network:admin");
const CLIENTS = { dashboard: "DASHBOARD", bot: "BOT", admin: "ADMIN" } as const;
const GRANTS: Readonly<Record<string, readonly Scope[]>> = {
  lantern: ["beds:read", "beds:hold"],
  bridge: ["beds:read"],
};
const CIRCLE = { name: "South Caucasus", members: ["coordinator", "lantern", "harbour", "bridge"] };
const SHELTERS = [
  {
    label: "Pomegranate",
    country: "AM",
    locality: "Yerevan",
    kind: "HOSTEL",
    features: ["STEP_FREE"],
    beds: 8,
  },
  {
    label: "Apricot",
    country: "AM",
    locality: "Gyumri",
    kind: "APARTMENT",
    features: ["FAMILY_ROOM", "CHILDREN_WELCOME"],
    beds: 4,
  },
  {
    label: "Walnut",
    country: "GE",
    locality: "Tbilisi",
    kind: "HOST_FAMILY",
    features: ["WOMEN_ONLY"],
    beds: 2,
  },
];

/** Any two processes that seed one database take turns. */
const LOCK = 0x73656564;

/**
 * An invented network, in a database that has no organisation yet, or whose seeding was cut off. The first
 * admins have no one to ask and are put in as the keeper; what they share goes through the walls as the
 * API's role.
 */
export async function seedDemo(options: {
  readonly ownerUrl: string;
  readonly apiUrl: string;
  readonly dataDir: string;
}): Promise<void> {
  const { dataDir } = options;
  await connected(options.ownerUrl, async (owner) => {
    // To the end of the connection.
    await owner.query("select pg_advisory_lock($1)", [LOCK]);
    const ids = await plantOrganisations(owner, dataDir);
    if (!ids) return;
    await connected(options.apiUrl, async (client) => {
      await client.query("begin");
      await formCircle(client, ids, demoKey(dataDir, "coordinator").kid);
      await share(client, ids, demoKey(dataDir, "harbour").kid);
      await client.query("commit");
    });
  });
}

/** Null where others are there, or where all was shared. */
async function plantOrganisations(client: pg.Client, dataDir: string) {
  await client.query("begin");
  await client.query("lock table organisation in share row exclusive mode");
  await client.query("set local role wayhouse_keeper");
  const { rows: standing } = await client.query<{ id: string; handle: string; kid: string }>(
    "select id, handle, identity_thumbprint as kid from organisation",
  );
  if (standing.length === 0) {
    const ids = await insertOrganisations(client, dataDir);
    await client.query("commit");
    return ids;
  }
  // Whatever anybody does here leaves an entry: without one, nobody has done anything yet.
  const { rowCount: done } = await client.query("select from audit_entry limit 1");
  await client.query("commit");
  const isOurs = ({ handle, kid }: { handle: string; kid: string }) =>
    isOfDemo(handle) && demoKey(dataDir, handle, "identity").kid === kid;
  if (done || !standing.every(isOurs)) return null;
  return new Map(standing.map(({ handle, id }) => [handle, id] as const));
}

async function insertOrganisations(client: pg.Client, dataDir: string) {
  const ids = new Map<string, string>();
  for (const handle of DEMO_ORGANISATIONS) {
    const identity = demoKey(dataDir, handle, "identity");
    const signing = demoKey(dataDir, handle);
    const { rows } = await client.query<{ id: string }>(
      "insert into organisation (handle, identity_thumbprint, identity_jwk) values ($1, $2, $3) returning id",
      [handle, identity.kid, identity.publicJwk],
    );
    const id = rows[0]!.id;
    const scopes = scopesOf(handle);
    ids.set(handle, id);
    await client.query(
      "insert into organisation_account (organisation_id, issuer, scopes) values ($1, $2, $3)",
      [id, demoIssuer(handle), scopes],
    );
    await client.query(
      "insert into organisation_key (organisation_id, kid, use, jwk) values ($1, $2, 'SIGN', $3)",
      [id, signing.kid, signing.publicJwk],
    );
    for (const [name, kind] of Object.entries(CLIENTS)) {
      await client.query(
        "insert into client (organisation_id, name, kind, scopes) values ($1, $2, $3, $4)",
        [id, name, kind, scopes],
      );
    }
  }
  return ids;
}

async function formCircle(client: pg.Client, ids: Map<string, string>, kid: string) {
  const steward = ids.get("coordinator")!;
  await client.query("select enter($1, 'admin', $2, 'seed', $3)", [steward, kid, SCOPES]);
  const { rows } = await client.query<{ id: string }>(
    "insert into circle (name, steward_id) values ($1, $2) returning id",
    [CIRCLE.name, steward],
  );
  const { id } = rows[0]!;
  const members = CIRCLE.members.map((handle) => ids.get(handle));
  await client.query("insert into circle_member select $1, unnest($2::uuid[])", [id, members]);
  const changes = members.map((owner) => ({
    event: "ORGANISATION_CHANGED",
    type: "Circle",
    id,
    owner,
  }));
  await client.query("select record_changes('createCircle', 'network:admin', $1)", [
    JSON.stringify(changes),
  ]);
}

async function share(client: pg.Client, ids: Map<string, string>, kid: string) {
  const harbour = ids.get("harbour")!;
  await client.query("select enter($1, 'admin', $2, 'seed', $3)", [
    harbour,
    kid,
    scopesOf("harbour"),
  ]);
  const changes: object[] = [];
  for (const [handle, scopes] of Object.entries(GRANTS)) {
    const { rows } = await client.query<{ id: string; valid_from: Date }>(
      "insert into sharing_grant (owner_id, organisation_id, scopes) values ($1, $2, $3) returning id, valid_from",
      [harbour, ids.get(handle), scopes],
    );
    const { id, valid_from } = rows[0]!;
    await client.query(
      `insert into sharing_reach (grant_id, organisation_id, owner_id, scope, valid_from)
        select $1, $2, $3, scope, $5 from unnest($4::text[]) scope`,
      [id, ids.get(handle), harbour, scopes, valid_from],
    );
    changes.push({
      event: "GRANT_CHANGED",
      type: "SharingGrant",
      id,
      owner: harbour,
      party: ids.get(handle),
    });
  }
  await client.query("select record_changes('grantScopes', 'sharing:manage', $1)", [
    JSON.stringify(changes),
  ]);
  for (const { label, country, locality, kind, features, beds } of SHELTERS) {
    const { rows } = await client.query<{ id: string }>(
      `insert into shelter (owner_id, label, country, locality, kind, features, beds)
        values ($1, $2, $3, $4, $5, $6, $7) returning id`,
      [harbour, label, country, locality, kind, features, beds],
    );
    const { id } = rows[0]!;
    await client.query("select open_nights($1)", [id]);
    const change = { event: "BEDS_CHANGED", type: "Shelter", id, owner: harbour, country };
    await client.query("select record_changes('createShelter', 'beds:manage', $1)", [
      JSON.stringify([change]),
    ]);
  }
}

async function connected<R>(url: string, use: (client: pg.Client) => Promise<R>): Promise<R> {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => {});
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
