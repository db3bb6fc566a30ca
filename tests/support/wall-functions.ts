import { type Case, id, orAdmins, type Rights, sealedTo, WITH_ANY } from "./walls.ts";

const BEDS = ["beds:read", "beds:hold", "beds:manage"] as const;
const [HOLD, MANAGE] = [["beds:hold"], ["beds:manage"]] as const;
const LISTED = ["beds:read", "beds:hold"] as const;
const HANDOFFS = ["handoffs:read", "handoffs:offer", "handoffs:receive"] as const;
const [OFFER, EITHER] = [["handoffs:offer"], ["handoffs:offer", "handoffs:receive"]] as const;
const TOLD_OF_FILES = ["handoffs:read", "handoffs:offer"] as const;
const [CLIENTS, KEYS, AUDIT] = [["clients:manage"], ["keys:manage"], ["audit:read"]] as const;
const [PUBLISH_CONTACT, REVEAL] = [["consulates:manage"], ["consulates:reveal"]] as const;
const everyone: Rights = {
  owner: WITH_ANY,
  partner: WITH_ANY,
  former: WITH_ANY,
  stranger: WITH_ANY,
};

const { owner, partner, former } = id;
/** Rows, or none. */
const of = (call: string, where = "true") => `select from ${call} where ${where}`;
/** True, or not. */
const so = (call: string) => `select where ${call}`;
const digest = (envelope: string) => `sha256(convert_to('${envelope}', 'UTF8'))`;
const take = (shelter: string, from: number, apart = "") =>
  of(`take_beds(gen_random_uuid(), 60, 'OTHER', null, '{${shelter}}', '{1}', array[current_date + ${from}],
    array[current_date + ${from + 1}], '{}', '{${apart}}')`);
const search = (country: string) =>
  `find_beds('${country}', null, '{}', current_date, current_date + 1, 1, null, 10)`;
const move = (hold: string, to: string) => of(`move_hold('${hold}', '{HELD}', '${to}')`);
const reveal = (contact: string, perClient: number, perOrganisation: number, where?: string) =>
  of(`reveal_contact('${contact}', 'SHELTER', ${perClient}, ${perOrganisation}, '1 hour')`, where);
const claim = (believed: string) =>
  `select claim_write('beds:hold', '${believed}', 'another', 'r', '{}', null, null)`;

/** What functions that see more than their caller do, and for whom. */
export const DONE: Record<string, Case[]> = {
  "of the network": [
    [of(`blast_radius('${owner}', '-infinity')`), orAdmins()],
    [of(`organisations_of_chain('{${partner}}')`), { owner: AUDIT, partner: AUDIT }],
    [of(`organisations_of_chain('{${former}}')`), { owner: AUDIT, former: AUDIT }],
    [of(`organisations_of_chain('{${id.stranger}}')`), { stranger: AUDIT }],
    // Of both sides, each lists it where it stands.
    [of("list_grants(false, null, 10)", `id = '${id.grant}'`), { owner: ["sharing:manage"] }],
    [of("list_grants(true, null, 10)", `id = '${id.grant}'`), { partner: ["sharing:manage"] }],
    [of(`grants_reaching('${id.circle}', '{${partner}}')`), orAdmins()],
    [
      of(`stewards_of('{${id.circle}}')`),
      orAdmins({ owner: WITH_ANY, partner: WITH_ANY, former: WITH_ANY }),
    ],
    [
      of(`revoke_every_grant_of('${owner}')`),
      orAdmins({ owner: CLIENTS }),
      `select from sharing_grant where id = '${id.grant}' and revoked_at is not null`,
    ],
    [
      `select suspend_handoffs_of('${owner}')`,
      orAdmins({ owner: CLIENTS }),
      `select from handoff where id = '${id.accepted}' and status = 'ON_HOLD'`,
    ],
    [so("introduce('owner') is not null"), everyone],
    [so("viewer_stands()"), everyone],
    [so("use_proof('digest', now() + interval '1 day')"), everyone],
    [so("use_proof('digest', now())"), {}],
    [of("viewer_reach('beds:hold')", "country = 'AM'"), { partner: HOLD }],
    [of("viewer_reach('beds:hold')", "country = 'GE'"), {}],
    [of("viewer_reach('consulates:reveal')", "country in ('TR', 'PL')"), {}],
    [of("viewer_reach('beds:read')", `owner_id = '${id.suspended}'`), {}],
    // What the owner itself may not do.
    [of("viewer_reach('handoffs:offer')"), {}],
    [of("claim_idempotency_key('another', 'r')"), everyone],
    [claim(""), { owner: HOLD, partner: HOLD, former: HOLD, stranger: HOLD }],
    [
      claim("beds:read"),
      {
        owner: ["beds:hold beds:read"],
        partner: ["beds:hold beds:read"],
        former: ["beds:hold beds:read"],
        stranger: ["beds:hold beds:read"],
      },
    ],
    ["select spend_budget('holds', 10)", everyone],
    ["select record_changes('action', 'scope', '[]')", everyone],
  ],
  "of beds": [
    [of(search("AM")), { owner: BEDS, partner: LISTED }],
    [of(search("AM"), "beds is not null"), { owner: BEDS, partner: HOLD }],
    [of(search("GE")), { owner: BEDS, partner: ["beds:read"] }],
    [
      of(`overdue_beds('{${id.here}}', current_date, current_date + 2)`),
      { owner: WITH_ANY, partner: HOLD },
    ],
    [take(id.here, 0), { owner: HOLD, partner: HOLD }],
    [take(id.there, 0), { owner: HOLD }],
    [take(id.here, 5, id.partnersHold), { partner: HOLD }],
    [of(`read_holds('{${id.hold}}')`), { owner: MANAGE, former: HOLD }],
    [of(`lock_hosted_hold('${id.hold}')`), { owner: MANAGE }],
    [move(id.partnersHold, "CONFIRMED"), { partner: HOLD }],
    // What was shared when it was held no longer is.
    [move(id.hold, "CONFIRMED"), {}],
    [move(id.holdThere, "CONFIRMED"), {}],
    [move(id.ownHold, "CONFIRMED"), { owner: HOLD }],
    [
      move(id.overHold, "RELEASED"),
      {},
      `select from bed_hold where id = '${id.overHold}' and status = 'RELEASED'`,
    ],
    [move(id.hold, "RELEASED"), { former: HOLD }],
    [move(id.hold, "DECLINED"), { owner: MANAGE }],
    [move(id.hold, "EXPIRED"), {}],
  ],
  "of handoffs": [
    [of("list_inbox(null, null, 10)", `id = '${id.accepted}'`), { partner: HANDOFFS }],
    [
      of("list_inbox(null, null, 10)", `id = '${id.requested}'`),
      { partner: HANDOFFS, former: HANDOFFS },
    ],
    [
      of(`lock_handoff('${id.requested}')`),
      { owner: HANDOFFS, partner: HANDOFFS, former: HANDOFFS },
    ],
    [of(`lock_handoff('${id.lapsed}')`), { owner: HANDOFFS, partner: HANDOFFS }],
  ],
  "of what lies sealed": [
    [of(`sealed_files('{${id.accepted}}')`), { owner: TOLD_OF_FILES }],
    [of(`sealed_files('{${id.lapsed}}')`), {}],
    [of(`files_to_retired_keys('{${id.accepted}}')`), { owner: HANDOFFS, partner: HANDOFFS }],
    [of(`files_to_retired_keys('{${id.lapsed}}')`), {}],
    [of(`files_to_retired_keys('{${id.sealedAmiss}}')`), {}],
    [of("sealed_to('old-partner')", `subject_id = '${id.accepted}'`), { partner: KEYS }],
    [of("sealed_to('old-partner')", `subject_id = '${id.lapsed}'`), {}],
    [of("sealed_to('old-former')", `subject_id = '${id.hold}'`), { former: KEYS }],
    [of("sealed_to('old-former')", `subject_id = '${id.confirmedHold}'`), { former: KEYS }],
    [of("sealed_to('old-former')", `subject_id = '${id.overHold}'`), {}],
    [
      so(`make_way_for_file('${id.accepted}', true, ${digest(sealedTo("old-partner"))})`),
      { owner: OFFER },
    ],
    [so(`make_way_for_file('${id.accepted}', true, ${digest("another")})`), {}],
    [
      `select destroy_envelope('${id.accepted}')`,
      { owner: EITHER, partner: EITHER },
      `select where not exists (select from handoff_envelope where handoff_id = '${id.accepted}')`,
    ],
    [of(`sealed_instructions('{${id.hold}}')`), { owner: MANAGE }],
    [of(`sealed_instructions('{${id.confirmedHold}}')`), { owner: MANAGE }],
    [of(`sealed_instructions('{${id.overHold}}')`), {}],
    [of(`instructions_to_retired_keys('{${id.hold}}')`), { owner: MANAGE, former: HOLD }],
    [of(`instructions_to_retired_keys('{${id.confirmedHold}}')`), { owner: MANAGE, former: HOLD }],
    [of(`instructions_to_retired_keys('{${id.overHold}}')`), {}],
    // To a key that another has retired, and its holder never had.
    [of(`instructions_to_retired_keys('{${id.ownHold}}')`), {}],
    [
      so(`replace_instructions('${id.hold}', 'x', true, ${digest(sealedTo("old-former"))})`),
      { owner: MANAGE },
    ],
    [so(`replace_instructions('${id.hold}', 'x', true, ${digest("another")})`), {}],
    [so(`replace_instructions('${id.hold}', 'x', false, null)`), { owner: MANAGE }],
    [so(`replace_instructions('${id.hold}', 'x', true, null)`), {}],
  ],
  "of consulate contacts": [
    [so(`may_be_revealed_to('${id.contact}', '${partner}')`), { owner: PUBLISH_CONTACT }],
    [so(`may_be_revealed_to('${id.contactThere}', '${partner}')`), {}],
    [so(`may_be_revealed_to('${id.contactLater}', '${partner}')`), {}],
    [so(`may_be_revealed_to('${id.contactBefore}', '${partner}')`), {}],
    [so(`may_be_revealed_to('${id.contact}', '${former}')`), {}],
    [
      so(`recipient_of_contact('${id.contact}', 'seal-partner') is not null`),
      { owner: PUBLISH_CONTACT },
    ],
    [so(`recipient_of_contact('${id.contact}', 'old-partner') is not null`), {}],
    [so(`recipient_of_contact('${id.contact}', 'sign-partner') is not null`), {}],
    [
      `select put_consulate_envelope('${id.contact}', '${partner}', 'new')`,
      { owner: PUBLISH_CONTACT },
      "select from consulate_envelope where envelope = 'new'",
    ],
    // It has revealed five by this client, and one by another.
    [reveal(id.contact, 6, 7, "wait_seconds is null"), { partner: REVEAL }],
    [reveal(id.contact, 5, 7, "wait_seconds is not null"), { partner: REVEAL }],
    [reveal(id.contact, 6, 6, "wait_seconds is not null"), { partner: REVEAL }],
    [reveal(id.contact, 9, 9, `envelope = '${sealedTo("seal-partner")}'`), { partner: REVEAL }],
    [reveal(id.contactThere, 9, 9), {}],
    [
      so(`revealed_envelope('${id.contact}', '1 hour') = '${sealedTo("seal-partner")}'`),
      { partner: REVEAL },
    ],
    [so(`revealed_envelope('${id.contactToOther}', '1 hour') is not null`), {}],
    [so(`revealed_envelope('${id.contactOfOther}', '1 hour') is not null`), {}],
    [so(`revealed_envelope('${id.contactThere}', '1 hour') is not null`), {}],
    [so(`revealed_envelope('${id.contact}', '0 hours') is not null`), {}],
  ],
};
