import pg from "pg";
import type { Scope } from "../../src/kernel/scopes.ts";

/** The tables as they are, read behind both walls; what each may show to whom is said below, anew. */
export interface Facts {
  organisations: { id: string; handle: string; status: string; scopes: Scope[] }[];
  clients: {
    id: string;
    organisation_id: string;
    name: string;
    scopes: Scope[];
    revoked: boolean;
  }[];
  circles: { id: string; members: string[] }[];
  introductions: { organisation_id: string; introduced_id: string }[];
  grants: Grant[];
  contacts: { id: string; owner_id: string; country: string }[];
  shelters: { id: string; owner_id: string; country: string }[];
  advisories: { id: string; issuer_id: string; withdrawn: boolean }[];
  handoffs: { id: string; sender_id: string; recipient_id: string | null; candidates: string[] }[];
  handoffReferences: { handoff_id: string; organisation_id: string }[];
  holds: { id: string; holder_id: string; host_id: string; live: boolean; shelters: string[] }[];
  /** Whom each organisation's audit chain names. */
  named: { chain_id: string; organisation_id: string }[];
}
interface Grant {
  id: string;
  owner_id: string;
  organisation_id: string | null;
  circle_id: string | null;
  scopes: Scope[];
  countries: string[] | null;
  valid_from: Date;
  valid_until: Date | null;
  revoked_at: Date | null;
}

export async function readFacts(ownerUrl: string): Promise<Facts> {
  const client = new pg.Client({ connectionString: ownerUrl });
  await client.connect();
  await client.query("begin");
  await client.query("set local role wayhouse_keeper");
  const all = async (text: string) => (await client.query(text)).rows as never[];
  const facts: Facts = {
    organisations: await all(
      "select id, handle, status, scopes from organisation join organisation_account on organisation_id = id",
    ),
    clients: await all(
      "select id, organisation_id, name, scopes, revoked_at is not null as revoked from client",
    ),
    circles: await all(
      "select circle_id as id, array_agg(organisation_id::text) as members from circle_member group by 1",
    ),
    introductions: await all("select organisation_id, introduced_id from introduction"),
    grants: await all("select * from sharing_grant"),
    contacts: await all("select id, owner_id, country from consulate_contact"),
    shelters: await all("select id, owner_id, country from shelter"),
    advisories: await all(
      "select id, issuer_id, withdrawn_at is not null as withdrawn from advisory",
    ),
    handoffs: await all(
      "select id, h.sender_id, recipient_id, array_agg(organisation_id::text) as candidates from handoff h join handoff_candidate c on c.handoff_id = id group by 1",
    ),
    handoffReferences: await all("select handoff_id, organisation_id from handoff_reference"),
    holds: await all(
      `select id, h.holder_id, h.host_id, array_agg(shelter_id::text) as shelters,
          h.status = 'HELD' and h.expires_at > now()
            or h.status = 'CONFIRMED' and h.ends_on >= (now() at time zone 'UTC')::date as live
        from bed_hold h join bed_stay s on s.hold_id = h.id group by 1`,
    ),
    named: await all(
      `select organisation_id as chain_id, actor_id as organisation_id from audit_entry
        union select organisation_id, owner_id from audit_entry`,
    ),
  };
  await client.query("rollback");
  await client.end();
  return facts;
}

export interface Caller {
  readonly organisationId: string;
  readonly clientId: string;
  /** token ∩ client ∩ organisation */
  readonly scopes: ReadonlySet<Scope>;
}

/**
 * Who may see what, in plain predicates over plain arrays: said once more, by other means than the
 * policies. `audiences` says whom a grant to a circle reached when it was given, and who has neither left it nor
 * been locked down since.
 */
export function modelOf(facts: Facts, audiences: ReadonlyMap<string, ReadonlySet<string>>) {
  const now = new Date();
  const reaches = (grant: Grant, who: string) =>
    grant.circle_id === null
      ? grant.organisation_id === who
      : (audiences.get(grant.id)?.has(who) ?? false);
  const isLive = ({ revoked_at, valid_until }: Grant) =>
    revoked_at === null && (valid_until === null || valid_until > now);
  const organisation = (id: string) => facts.organisations.find((one) => one.id === id)!;

  const shared = (by: Caller, owner: string, country: string, scope: Scope) =>
    by.scopes.has(scope) &&
    organisation(owner).status === "ACTIVE" &&
    organisation(owner).scopes.includes(scope) &&
    facts.grants.some(
      (grant) =>
        isLive(grant) &&
        grant.owner_id === owner &&
        grant.valid_from <= now &&
        reaches(grant, by.organisationId) &&
        grant.scopes.includes(scope) &&
        (grant.countries === null || grant.countries.includes(country)),
    );

  const isTied = (me: string, id: string) =>
    facts.circles.some(({ members }) => members.includes(me) && members.includes(id)) ||
    facts.introductions.some((one) => one.organisation_id === me && one.introduced_id === id) ||
    facts.grants.some(
      (grant) =>
        (grant.owner_id === id && isLive(grant) && reaches(grant, me)) ||
        (grant.owner_id === me && isLive(grant) && reaches(grant, id)) ||
        (grant.owner_id === me && grant.organisation_id === id),
    ) ||
    facts.holds.some(
      (hold) =>
        (hold.holder_id === me && hold.host_id === id) ||
        (hold.holder_id === id && hold.host_id === me),
    ) ||
    facts.handoffs.some(
      ({ sender_id, recipient_id, candidates }) =>
        (sender_id === me && (recipient_id === id || candidates.includes(id))) ||
        (sender_id === id &&
          (recipient_id === me || (recipient_id === null && candidates.includes(me)))),
    );

  const isSharedShelter = (by: Caller, id: string) =>
    facts.shelters.some(
      (shelter) =>
        shelter.id === id &&
        ((shelter.owner_id === by.organisationId &&
          (["beds:read", "beds:hold", "beds:manage"] as const).some((s) => by.scopes.has(s))) ||
          shared(by, shelter.owner_id, shelter.country, "beds:read") ||
          shared(by, shelter.owner_id, shelter.country, "beds:hold")),
    );

  const sees: Record<string, (by: Caller, id: string) => boolean> = {
    Organisation: ({ organisationId: me, scopes }, id) =>
      facts.organisations.some((one) => one.id === id) &&
      (id === me || scopes.has("network:admin") || isTied(me, id)),
    Client: (by, id) =>
      facts.clients.some(
        (client) =>
          client.id === id &&
          (by.scopes.has("network:admin") ||
            client.id === by.clientId ||
            (client.organisation_id === by.organisationId && by.scopes.has("clients:manage"))),
      ),
    Circle: (by, id) =>
      facts.circles.some(
        (circle) =>
          circle.id === id &&
          (by.scopes.has("network:admin") ||
            circle.members.includes(by.organisationId) ||
            facts.grants.some(
              (grant) => grant.circle_id === id && grant.owner_id === by.organisationId,
            )),
      ),
    SharingGrant: (by, id) =>
      by.scopes.has("sharing:manage") &&
      facts.grants.some(
        (grant) =>
          grant.id === id &&
          (grant.owner_id === by.organisationId ||
            (isLive(grant) && reaches(grant, by.organisationId))),
      ),
    ConsulateContact: (by, id) =>
      facts.contacts.some(
        (contact) =>
          contact.id === id &&
          ((contact.owner_id === by.organisationId &&
            (["consulates:read", "consulates:reveal", "consulates:manage"] as const).some((s) =>
              by.scopes.has(s),
            )) ||
            shared(by, contact.owner_id, contact.country, "consulates:read") ||
            shared(by, contact.owner_id, contact.country, "consulates:reveal")),
      ),
    Shelter: (by, id) =>
      isSharedShelter(by, id) ||
      (by.scopes.has("beds:hold") &&
        facts.holds.some(
          (hold) => hold.holder_id === by.organisationId && hold.shelters.includes(id),
        )),
    Advisory: (by, id) =>
      facts.advisories.some(
        ({ id: one, issuer_id }) =>
          one === id && (issuer_id === by.organisationId || isTied(by.organisationId, issuer_id)),
      ),
    Handoff: (by, id) =>
      (["handoffs:read", "handoffs:offer", "handoffs:receive"] as const).some((scope) =>
        by.scopes.has(scope),
      ) &&
      facts.handoffs.some(
        (one) =>
          one.id === id &&
          (one.sender_id === by.organisationId ||
            one.recipient_id === by.organisationId ||
            (one.recipient_id === null && one.candidates.includes(by.organisationId))),
      ),
    BedHold: (by, id) =>
      facts.holds.some(
        (hold) =>
          hold.id === id &&
          ((hold.holder_id === by.organisationId && by.scopes.has("beds:hold")) ||
            (hold.host_id === by.organisationId && by.scopes.has("beds:manage"))),
      ),
  };
  return {
    sees: (by: Caller, type: string, id: string) => sees[type]?.(by, id) ?? false,
    /** A former guest's organisation still reads where that was, and hears of it no more. */
    hearsOfShelter: (by: Caller, id: string) =>
      isSharedShelter(by, id) ||
      (by.scopes.has("beds:hold") &&
        facts.holds.some(
          (hold) => hold.live && hold.holder_id === by.organisationId && hold.shelters.includes(id),
        )),
    /** Passed over or not. */
    wasOffered: (by: Caller, handoffId: string) =>
      (["handoffs:read", "handoffs:offer", "handoffs:receive"] as const).some((scope) =>
        by.scopes.has(scope),
      ) &&
      facts.handoffs.some(
        (one) => one.id === handoffId && one.candidates.includes(by.organisationId),
      ),
    /** Its own audit chain names organisations that nothing ties to it any more. */
    isNamedInChain: (by: Caller, organisationId: string) =>
      by.scopes.has("audit:read") &&
      facts.named.some(
        (one) => one.chain_id === by.organisationId && one.organisation_id === organisationId,
      ),
    /** Exact counts are stricter than the shelter. */
    counts(by: Caller, shelterId: string) {
      const shelter = facts.shelters.find(({ id }) => id === shelterId)!;
      return shelter.owner_id === by.organisationId
        ? sees["Shelter"]!(by, shelterId)
        : shared(by, shelter.owner_id, shelter.country, "beds:hold");
    },
    manages: (by: Caller, organisationId: string) =>
      by.scopes.has("network:admin") ||
      (organisationId === by.organisationId && by.scopes.has("clients:manage")),
    isRecipient: (by: Caller, handoffId: string) =>
      by.scopes.has("handoffs:receive") &&
      facts.handoffs.some((one) => one.id === handoffId && one.recipient_id === by.organisationId),
    hasReference: (by: Caller, handoffId: string) =>
      facts.handoffReferences.some(
        (one) => one.handoff_id === handoffId && one.organisation_id === by.organisationId,
      ),
    isHolder: (by: Caller, holdId: string) =>
      facts.holds.some((hold) => hold.id === holdId && hold.holder_id === by.organisationId),
  };
}
