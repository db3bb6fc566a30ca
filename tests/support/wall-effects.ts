import { ACTORS, handoff, id } from "./walls.ts";

const everyone = [...ACTORS, "newcomer", "suspended"];
const set = (table: string, what: string, where: string) =>
  `update ${table} set ${what} where ${where}`;
const own = (table: string, what: string) => set(table, what, `organisation_id = '${id.owner}'`);
const client = (what: string, where = `id = '${id.dashboard}'`) => set("client", what, where);

/** What takes something back, and of whom: their streams end, and what they are about to write asks again. */
export const TAKEN_BACK: readonly (readonly [statement: string, of: readonly string[]])[] = [
  [set("organisation", "status = 'SUSPENDED'", `id = '${id.owner}'`), ["owner"]],
  [set("organisation", "status = 'LOCKED_DOWN'", `id = '${id.owner}'`), ["owner"]],
  [set("organisation", "status = 'ACTIVE'", `id = '${id.suspended}'`), []],
  [own("organisation_account", "scopes = '{beds:read}'"), ["owner"]],
  [own("organisation_account", "scopes = scopes || '{another}'"), []],
  [client("scopes = '{beds:read}'"), ["owner"]],
  [client("scopes = scopes || '{another}'"), []],
  [client("revoked_at = now()"), ["owner"]],
  [client("revoked_at = now()", "name = 'revoked'"), []],
  [client("require_dpop = true"), ["owner"]],
  [client("require_dpop = false", "name = 'proving'"), []],
  [set("organisation_key", "retired_at = now()", "kid = 'sign-owner'"), ["owner"]],
  [set("organisation_key", "retired_at = now()", "kid = 'gone-owner'"), []],
  [`insert into revoked_token values ('${id.owner}', 'new', now() + interval '1 day')`, ["owner"]],
  [`delete from circle_member where organisation_id = '${id.owner}'`, ["owner"]],
  [`delete from sharing_reach where grant_id = '${id.grant}'`, ["partner"]],
  // Through the reach that goes with it.
  [`delete from sharing_grant where id = '${id.grant}'`, ["partner"]],
  [set("network", "status = 'LOCKED_DOWN'", "true"), everyone.toSorted()],
];

const { stranger: one, newcomer: other } = id;
const its = (handoffId: string, recipient: string, status: string) =>
  handoff(`'${handoffId}'`, recipient, status, 9).replace(id.owner, one);
const [offered, accepted, taken] = [1, 2, 3].map((nth) => id.owner.replace(/^0/, String(nth)));
const BOTH = ["newcomer stranger", "stranger newcomer"];
const THERE = ["stranger newcomer"];

/** What ties a stranger to another: how it begins and ends, and who knows whom by it. */
export const TIES: Readonly<
  Record<string, { readonly ties: string; readonly unties: string; readonly known: string[] }>
> = {
  "an introduction": {
    ties: `insert into introduction values ('${one}', '${other}')`,
    unties: `delete from introduction where organisation_id = '${one}'`,
    known: THERE,
  },
  "a grant": {
    ties: `insert into sharing_grant (owner_id, organisation_id, scopes) values ('${one}', '${other}', '{beds:read}')`,
    unties: `delete from sharing_grant where owner_id = '${one}'`,
    known: THERE,
  },
  "an offer": {
    ties: `${its(offered!, "null", "REQUESTED")};
      insert into handoff_candidate values ('${offered}', '${one}', '${other}')`,
    unties: `delete from handoff where id = '${offered}'`,
    known: THERE,
  },
  "an acceptance": {
    ties: `${its(accepted!, "null", "REQUESTED")};
      update handoff set recipient_id = '${other}', status = 'ACCEPTED' where id = '${accepted}'`,
    unties: `delete from handoff where id = '${accepted}'`,
    known: BOTH,
  },
  "a hold": {
    ties: `insert into bed_hold values ('${taken}', '${one}', '${other}', 'HELD', now(), current_date)`,
    unties: `delete from bed_hold where id = '${taken}'`,
    known: BOTH,
  },
  "a hold of the other's": {
    ties: `insert into bed_hold values ('${offered}', '${other}', '${one}', 'HELD', now(), current_date)`,
    unties: `delete from bed_hold where id = '${offered}'`,
    known: BOTH,
  },
};
