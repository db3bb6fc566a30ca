import pg from "pg";
import { type Scope, SCOPES } from "../../src/kernel/scopes.ts";
import { createTestDatabase } from "./postgres.ts";

/*
 * One of everything, between four organisations: `owner` shares with `partner`, which takes over what it offers;
 * `former` holds beds of it, and no grant lets it any more; nothing ties `stranger` to anybody.
 */
export const ACTORS = ["owner", "partner", "former", "stranger"] as const;
/** Whatever the scopes are, none at all among them. */
export const WITH_ANY = "WITH_ANY";
/** Any of them lets it; of two that must come together the last one alone is no right, and all others without it neither. */
type Right = Scope | `${Scope} ${Scope}`;
export type Rights = Partial<Record<(typeof ACTORS)[number], readonly Right[] | typeof WITH_ANY>>;

const uuid = (nth: number) => `00000000-0000-4000-8000-${String(nth).padStart(12, "0")}`;
/** An organisation's is its bot's as well. */
export const id = {
  owner: uuid(1),
  partner: uuid(2),
  former: uuid(3),
  stranger: uuid(4),
  /** Not yet let in. */
  newcomer: uuid(5),
  /** Of the owner. */
  dashboard: uuid(10),
  circle: uuid(20),
  grant: uuid(30),
  /** Ended, of the partner as well. */
  overGrant: uuid(31),
  /** To the circle. */
  circleGrant: uuid(32),
  /** In Armenia, where the partner may hold and reveal. */
  here: uuid(40),
  /** In Georgia, where it may read. */
  there: uuid(41),
  hold: uuid(50),
  /** Of the partner. */
  partnersHold: uuid(51),
  /** Of the owner, at its own shelter. */
  ownHold: uuid(53),
  /** Past its time, which no clock has noticed. */
  overHold: uuid(52),
  contact: uuid(60),
  contactThere: uuid(61),
  advisory: uuid(70),
  unconfirmed: uuid(71),
  accepted: uuid(80),
  /** Of which `former` has dropped out. */
  requested: uuid(81),
  /** Accepted, whose consent has ended, and from which `former` had dropped out. */
  lapsed: uuid(82),
  /** Accepted, with no file yet. */
  unsealed: uuid(83),
};

const HANDOFF = `needs, risk_profile, adults, children, placement, priority, country, destinations, documents_held,
  window_start, window_end, consent_purpose, consent_given_at, consent_by_caregiver, acknowledge_by, decide_by`;
const OFFERED = `'{SHELTER}', 'OTHER', 1, 0, 'TOGETHER', 'URGENT', 'GE', '{AM}', '{NONE}',
  current_date, current_date + 1, 'SHELTER', now(), false, now() + interval '1 day', now() + interval '1 day'`;
/** A handoff of the owner's. */
export const handoff = (handoffId: string, recipient: string, status: string, days: number) =>
  `insert into handoff (id, sender_id, recipient_id, status, consent_expires_at, ${HANDOFF})
    values (${handoffId}, '${id.owner}', ${recipient}, '${status}', now() + interval '${days} days', ${OFFERED})`;

/** What is sealed to a key, as far as the database reads it. */
export const sealedTo = (kid: string) =>
  `${Buffer.from(JSON.stringify({ kid })).toString("base64url")}.sealed`;

const accepted = (handoffId: string, days: number) =>
  `${handoff(`'${handoffId}'`, `'${id.partner}'`, "ACCEPTED", days)};
    insert into handoff_candidate values ('${handoffId}', '${id.owner}', '${id.partner}', false, false),
      ('${handoffId}', '${id.owner}', '${id.former}', ${days < 0}, false);`;
const file = (handoffId: string) =>
  `insert into handoff_envelope values ('${handoffId}', '${id.partner}', '${sealedTo("old-partner")}');`;
const held = (holdId: string, holder: string, expires: string) =>
  `insert into bed_hold values ('${holdId}', '${holder}', '${id.owner}', 'HELD', ${expires}, current_date + 2);
    insert into bed_stay values ('${holdId}', 1, '${holder}', '${id.owner}', '${id.here}', 1, current_date, current_date + 2);
    insert into bed_hold_reference values ('${holdId}', '${holder}', '${id.owner}', gen_random_uuid());
    insert into bed_hold_instruction values ('${holdId}', '${holder}', '${id.owner}', '${sealedTo("old-former")}');`;
const shelter = (shelterId: string, country: string) =>
  `insert into shelter values ('${shelterId}', '${id.owner}', '${country}', '${country}', 'Yerevan', 'HOSTEL', '{}', 4);
    insert into bed_night select '${shelterId}', current_date + n, '${id.owner}', '${country}', 4, 2
      from generate_series(0, 9) n;`;
const contact = (contactId: string, country: string) =>
  `insert into consulate_contact (id, owner_id, representing, country, locality, documents, risk_profiles, languages, review_by)
      values ('${contactId}', '${id.owner}', 'DE', '${country}', 'Yerevan', '{}', '{}', '{}', now() + interval '90 days');
    insert into consulate_envelope values ('${contactId}', '${id.partner}', '${sealedTo("seal-partner")}');
    insert into consulate_reveal (organisation_id, client_id, contact_id, purpose)
      values ('${id.partner}', '${id.partner}', '${contactId}', 'SHELTER');`;
const advisory = (advisoryId: string) =>
  `insert into advisory values
    ('${advisoryId}', '${id.owner}', 'GE', '{DESERTER}', 'AVOID', '{DEPORTATION}', now(), now() + interval '1 day');`;
const reach = (scope: string, country: string) =>
  `insert into sharing_reach values
    ('${id.grant}', '${id.partner}', '${id.owner}', null, '${scope}', ${country}, now() - interval '1 day', null);`;

const PLANTED = `
  insert into organisation (id, handle, identity_thumbprint, identity_jwk)
    select o.id, o.handle, o.handle, '{}' from (values ${ACTORS.map((one) => `('${id[one]}'::uuid, '${one}')`).join()}) o (id, handle);
  insert into organisation_account
    select id, 'https://' || handle || '.example', null, '{${SCOPES.join()}}' from organisation;
  insert into organisation (id, handle, identity_thumbprint, identity_jwk)
    values ('${id.newcomer}', 'newcomer', 'newcomer', '{}');
  insert into client (id, organisation_id, name, kind, scopes)
    select id, id, 'bot', 'BOT', '{${SCOPES.join()}}' from organisation;
  insert into client values ('${id.dashboard}', '${id.owner}', 'dashboard', 'DASHBOARD', '{}');
  insert into organisation_key
    select id, k.use || '-' || handle, upper(k.use), '{}', now(), null from organisation, unnest('{sign,seal}'::text[]) k (use);
  insert into organisation_key
    select id, 'old-' || handle, 'SEAL', '{}', now(), now() from organisation;
  insert into key_log_entry values ('${id.owner}', 1, 'seal-owner', 'PUBLISHED', 's', 'p', 'h');
  insert into revoked_token values ('${id.owner}', 'token', now() + interval '1 day');
  insert into introduction values ('${id.owner}', '${id.partner}');
  insert into idempotency_record (client_id, key_hash, request_hash) values ('${id.owner}', 'k', 'r');
  insert into audit_entry values
    ('${id.owner}', 1, now(), '${id.owner}', 'bot', '${id.partner}', 'a', 's', 'Handoff', '${id.accepted}', 'p', 'h'),
    ('${id.owner}', 2, now(), '${id.former}', null, '${id.owner}', 'a', 's', 'BedHold', '${id.hold}', 'p', 'h');
  insert into circle values ('${id.circle}', 'Circle', '${id.owner}');
  insert into circle_member select '${id.circle}', unnest('{${id.owner}, ${id.partner}}'::uuid[]);
  insert into sharing_grant (id, owner_id, organisation_id, scopes) values
    ('${id.grant}', '${id.owner}', '${id.partner}', '{beds:read}'),
    ('${id.overGrant}', '${id.owner}', '${id.partner}', '{beds:read}');
  insert into sharing_grant (id, owner_id, circle_id, scopes)
    values ('${id.circleGrant}', '${id.former}', '${id.circle}', '{beds:read}');
  insert into sharing_reach
    select '${id.circleGrant}', '${id.partner}', '${id.former}', '${id.circle}', 'beds:read', null, now(), null;
  ${reach("beds:read", "null")} ${reach("beds:hold", "'AM'")}
  ${reach("consulates:read", "null")} ${reach("consulates:reveal", "'AM'")}
  ${shelter(id.here, "AM")} ${shelter(id.there, "GE")}
  ${held(id.hold, id.former, "now() + interval '1 day'")}
  ${held(id.partnersHold, id.partner, "now() + interval '1 day'")}
  ${held(id.ownHold, id.owner, "now() + interval '1 day'")}
  ${held(id.overHold, id.former, "now() - interval '1 day'")}
  ${contact(id.contact, "AM")} ${contact(id.contactThere, "GE")}
  ${advisory(id.advisory)} ${advisory(id.unconfirmed)}
  insert into advisory_confirmation values ('${id.advisory}', '${id.owner}', '${id.partner}');
  ${accepted(id.accepted, 9)} ${file(id.accepted)}
  ${accepted(id.lapsed, -1)} ${file(id.lapsed)}
  ${accepted(id.unsealed, 9)}
  ${handoff(`'${id.requested}'`, "null", "REQUESTED", 9)};
  insert into handoff_candidate values ('${id.requested}', '${id.owner}', '${id.partner}');
  insert into handoff_candidate values ('${id.requested}', '${id.owner}', '${id.former}', true);
  insert into handoff_reference values ('${id.accepted}', '${id.owner}', gen_random_uuid());
  insert into handoff_transition values ('${id.accepted}', 1, '${id.owner}', 'REQUESTED', 'SENDER');`;

/** And network admins, whoever they are. */
export const orAdmins = (rights: Rights = {}): Rights =>
  Object.fromEntries(
    ACTORS.map((actor) => {
      const own = rights[actor] ?? [];
      return [actor, own === WITH_ANY ? own : [...own, "network:admin"]];
    }),
  );

/** What may be done, by whom, and how it is seen past the walls that it was done. */
export type Case = readonly [statement: string, rights: Rights, done?: string];

export interface Walls {
  /** Past the walls. */
  plant(text: string): Promise<void>;
  /**
   * Whether each organisation may do it just with each of its rights alone, and not with all other scopes together,
   * and nobody without a context: of each statement, which may against this, or may not.
   */
  against(cases: readonly Case[]): Promise<Record<string, string[]>>;
  close(): Promise<void>;
}

export async function openWalls(): Promise<Walls> {
  const database = await createTestDatabase();
  const client = new pg.Client({ connectionString: database.superuserUrl });
  await client.connect();
  await client.query(PLANTED);

  async function may(actor: string, scopes: string, statement: string, done?: string) {
    const told = client.query(`begin; set local role wayhouse_api;
      select set_config('wayhouse.organisation', '${actor}', true),
        set_config('wayhouse.client', '${actor}', true), set_config('wayhouse.scopes', '${scopes}', true);
      ${statement}; ${done === undefined ? "" : `reset role; ${done}`}`);
    try {
      const results = (await told) as unknown as pg.QueryResult[];
      return results.at(-1)!.rowCount! > 0;
    } catch (error) {
      // insufficient_privilege: the wall.
      if ((error as { code?: string }).code !== "42501") throw error;
      return false;
    } finally {
      await client.query("rollback");
    }
  }

  async function wrongOf([statement, rights, done]: Case) {
    const wrong: string[] = [];
    for (const actor of ACTORS) {
      const own = rights[actor] ?? [];
      const lets = async (scopes: string, expected: boolean) => {
        const isLet = await may(id[actor], scopes, statement, done);
        if (isLet !== expected) wrong.push(`${actor} ${isLet ? "may" : "may not"} with ${scopes}`);
      };
      if (own === WITH_ANY) {
        await lets("", true);
        continue;
      }
      for (const right of own) await lets(right, true);
      const needed = own.map((right) => right.split(" ").at(-1));
      await lets(SCOPES.filter((scope) => !needed.includes(scope)).join(" "), false);
    }
    if (await may("", "", statement, done)) wrong.push("nobody may");
    return wrong;
  }

  return {
    plant: async (text) => void (await client.query(text)),
    async against(cases) {
      const told: Record<string, string[]> = {};
      for (const one of cases) {
        const wrong = await wrongOf(one);
        if (wrong.length > 0) told[one[0]] = wrong;
      }
      return told;
    },
    async close() {
      await client.end();
      await database.drop();
    },
  };
}
