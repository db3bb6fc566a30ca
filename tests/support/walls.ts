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
  /** Shares with the partner, did so with the stranger, and asked it to take somebody over, whom another took. */
  suspended: uuid(6),
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
  /** In Georgia, where it holds beds. */
  heldThere: uuid(42),
  /** In Armenia, where `former` held beds once, and nobody does. */
  heldOnce: uuid(43),
  /** Of `former`, in Turkey, where the partner may read; hold it may there wherever it is. */
  formers: uuid(44),
  hold: uuid(50),
  /** Of the partner. */
  partnersHold: uuid(51),
  /** Of the owner, at its own shelter. */
  ownHold: uuid(53),
  /** Of the partner, where it may read. */
  holdThere: uuid(54),
  /** Past its time, which no clock has noticed. */
  overHold: uuid(52),
  /** So is this, at the shelter that was held once. */
  onceHold: uuid(55),
  /** Of `former`, in Georgia. */
  confirmedHold: uuid(56),
  contact: uuid(60),
  contactThere: uuid(61),
  /** That another client has revealed, in Armenia as well. */
  contactOfOther: uuid(62),
  /** In Turkey, where the partner will be able to reveal. */
  contactLater: uuid(63),
  /** In Poland, where it was. */
  contactBefore: uuid(64),
  /** In Armenia, sealed to another. */
  contactToOther: uuid(65),
  advisory: uuid(70),
  unconfirmed: uuid(71),
  accepted: uuid(80),
  /** Of which `former` has dropped out. */
  requested: uuid(81),
  /** Accepted, whose consent has ended, and from which `former` had dropped out. */
  lapsed: uuid(82),
  /** Accepted, with no file yet. */
  unsealed: uuid(83),
  /** Accepted, with a file to a key that its recipient never had, and another has retired. */
  sealedAmiss: uuid(84),
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
const file = (handoffId: string, kid = "old-partner") =>
  `insert into handoff_envelope values ('${handoffId}', '${id.partner}', '${sealedTo(kid)}');`;
const held = (holdId: string, holder: string, expires: string, at = id.here) =>
  `insert into bed_hold values ('${holdId}', '${holder}', '${id.owner}', 'HELD', ${expires}, current_date + 2);
    insert into bed_stay values ('${holdId}', 1, '${holder}', '${id.owner}', '${at}', 1, current_date, current_date + 2);
    insert into bed_hold_reference values ('${holdId}', '${holder}', '${id.owner}', gen_random_uuid());
    insert into bed_hold_instruction values ('${holdId}', '${holder}', '${id.owner}', '${sealedTo("old-former")}');`;
const shelter = (shelterId: string, country: string, label = country, of = id.owner) =>
  `insert into shelter values ('${shelterId}', '${of}', '${label}', '${country}', 'Yerevan', 'HOSTEL', '{}', 4);
    insert into bed_night select '${shelterId}', current_date + n, '${of}', '${country}', 4, 2
      from generate_series(0, 9) n;`;
const contact = (contactId: string, country: string) =>
  `insert into consulate_contact (id, owner_id, representing, country, locality, documents, risk_profiles, languages, review_by)
      values ('${contactId}', '${id.owner}', 'DE', '${country}', 'Yerevan', '{}', '{}', '{}', now() + interval '90 days');
    insert into consulate_envelope values ('${contactId}', '${id.former}', '${sealedTo("seal-former")}');
    insert into consulate_envelope values ('${contactId}', '${id.partner}', '${sealedTo("seal-partner")}');
    insert into consulate_reveal (organisation_id, client_id, contact_id, purpose)
      values ('${id.partner}', '${contactId === id.contactOfOther ? id.dashboard : id.partner}', '${contactId}', 'SHELTER');`;
const advisory = (advisoryId: string) =>
  `insert into advisory values
    ('${advisoryId}', '${id.owner}', 'GE', '{DESERTER}', 'AVOID', '{DEPORTATION}', now(), now() + interval '1 day');`;
/** From and until in days. */
const reach = (grant: string, scope: string, country: string, from = -2, until = 9) =>
  `insert into sharing_reach select id, '${id.partner}', owner_id, circle_id, '${scope}', ${country},
      now() + interval '${from} days', now() + interval '${until} days'
    from sharing_grant where id = '${grant}';`;

const PLANTED = `
  insert into organisation (id, handle, identity_thumbprint, identity_jwk)
    select o.id, o.handle, o.handle, '{}' from (values ${ACTORS.map((one) => `('${id[one]}'::uuid, '${one}')`).join()}) o (id, handle);
  insert into organisation_account
    select id, 'https://' || handle || '.example', null, '{${SCOPES.join()}}' from organisation;
  update organisation_account set scopes = array_remove(scopes, 'handoffs:offer') where organisation_id = '${id.owner}';
  insert into organisation (id, handle, status, identity_thumbprint, identity_jwk) values
    ('${id.newcomer}', 'newcomer', 'ACTIVE', 'newcomer', '{}'),
    ('${id.suspended}', 'suspended', 'SUSPENDED', 'suspended', '{}');
  insert into organisation_account
    values ('${id.suspended}', 'https://suspended.example', null, '{${SCOPES.join()}}');
  insert into client (id, organisation_id, name, kind, scopes)
    select id, id, 'bot', 'BOT', '{${SCOPES.join()}}' from organisation;
  insert into client (id, organisation_id, name, kind, scopes, revoked_at, require_dpop) values
    ('${id.dashboard}', '${id.owner}', 'dashboard', 'DASHBOARD', '{beds:read,network:admin}', null, false),
    (gen_random_uuid(), '${id.owner}', 'revoked', 'BOT', '{beds:read}', now(), false),
    (gen_random_uuid(), '${id.owner}', 'proving', 'BOT', '{beds:read}', null, true);
  insert into organisation_key
    select id, k.use || '-' || handle, upper(k.use), '{}', now(), null from organisation, unnest('{sign,seal}'::text[]) k (use);
  insert into organisation_key
    select id, k.use || '-' || handle, k.what, '{}', now(), now()
      from organisation, (values ('old', 'SEAL'), ('gone', 'SIGN')) k (use, what);
  insert into key_log_entry values ('${id.owner}', 1, 'seal-owner', 'PUBLISHED', 's', 'p', 'h');
  insert into revoked_token values
    ('${id.owner}', 'token', now() + interval '1 day'), ('${id.partner}', 'another', now() + interval '1 day');
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
  ${reach(id.circleGrant, "beds:hold", "null")} ${reach(id.circleGrant, "consulates:reveal", "null")}
  ${reach(id.grant, "beds:read", "null")} ${reach(id.grant, "beds:hold", "'AM'")}
  ${reach(id.grant, "consulates:read", "null")} ${reach(id.grant, "consulates:reveal", "'AM'")}
  ${reach(id.grant, "consulates:reveal", "'TR'", 1)} ${reach(id.grant, "consulates:reveal", "'PL'", -2, -1)}
  ${reach(id.grant, "handoffs:offer", "null")} ${reach(id.overGrant, "beds:hold", "'GE'", -2, -1)}
  ${reach(id.circleGrant, "beds:read", "'TR'")}
  ${shelter(id.here, "AM")} ${shelter(id.there, "GE")} ${shelter(id.heldThere, "GE", "Plum")}
  ${shelter(id.heldOnce, "AM", "Fig")} ${shelter(id.formers, "TR", "Quince", id.former)}
  ${held(id.hold, id.former, "now() + interval '1 day'")}
  ${held(id.partnersHold, id.partner, "now() + interval '1 day'")}
  ${held(id.ownHold, id.owner, "now() + interval '1 day'")}
  ${held(id.holdThere, id.partner, "now() + interval '1 day'", id.heldThere)}
  ${held(id.overHold, id.former, "now() - interval '1 day'")}
  ${held(id.onceHold, id.former, "now() - interval '1 day'", id.heldOnce)}
  ${held(id.confirmedHold, id.former, "now() + interval '1 day'", id.there).replace("HELD", "CONFIRMED")}
  ${contact(id.contact, "AM")} ${contact(id.contactThere, "GE")} ${contact(id.contactOfOther, "AM")}
  ${contact(id.contactToOther, "AM")}
  delete from consulate_envelope where contact_id = '${id.contactToOther}' and recipient_id = '${id.partner}';
  ${contact(id.contactLater, "TR")} ${contact(id.contactBefore, "PL")}
  ${advisory(id.advisory)} ${advisory(id.unconfirmed)}
  insert into advisory_confirmation values ('${id.advisory}', '${id.owner}', '${id.partner}');
  ${accepted(id.accepted, 9)} ${file(id.accepted)}
  ${accepted(id.lapsed, -1)} ${file(id.lapsed)}
  ${accepted(id.unsealed, 9)}
  ${accepted(id.sealedAmiss, 9)} ${file(id.sealedAmiss, "old-former")}
  with given as (
    insert into sharing_grant (owner_id, organisation_id, scopes)
      select '${id.suspended}', one, '{beds:read}' from unnest('{${id.partner}, ${id.stranger}}'::uuid[]) one returning *)
    insert into sharing_reach
      select id, organisation_id, owner_id, null, 'beds:read', null, now() - interval '2 days',
          case organisation_id when '${id.stranger}' then now() - interval '1 day' end from given;
  ${handoff("gen_random_uuid()", `'${id.partner}'`, "ACCEPTED", 9).replace(id.owner, id.suspended)};
  insert into handoff_candidate
    select id, sender_id, '${id.stranger}', false, false from handoff where sender_id = '${id.suspended}';
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
  /** Past the walls; of several statements the rows of the last that selects. */
  rowsOf(text: string): Promise<Record<string, unknown>[]>;
  /** The same of statements of which none stays. */
  after(...statements: string[]): Promise<Record<string, unknown>[]>;
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
    const ordinary = SCOPES.filter((scope) => scope !== "network:admin").join(" ");
    if (await may("", ordinary, statement, done)) wrong.push("nobody may");
    return wrong;
  }

  const rowsOf: Walls["rowsOf"] = async (text) => {
    const results = [(await client.query(text)) as pg.QueryResult | pg.QueryResult[]].flat();
    return results.findLast(({ command }) => command === "SELECT")?.rows ?? [];
  };
  return {
    rowsOf,
    async after(...statements) {
      try {
        return await rowsOf(`begin; ${statements.join(";\n")}`);
      } finally {
        await client.query("rollback");
      }
    },
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
      await database.leave();
    },
  };
}
