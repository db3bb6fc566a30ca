import { decodeId } from "../../src/kernel/ids.ts";
import { type Demo, idOf, night } from "./demo.ts";
import { mutate } from "./mutate.ts";
import { asSuperuser } from "./postgres.ts";

const FIELDS = `__typename
  ... on Handoff { id status recipient { handle } reason caseReference { id } envelope receivedDigest history { to by } consent { withdrawnAt } }`;
const REFUSED = "... on IllegalTransition { from allowed }";
const CLOSED = "... on AdvisoryInForce { advisory { id } }";
export const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();

/** Lets the sender offer to each of them. */
export async function openTo(ask: Demo["ask"], sender: string, candidates: readonly string[]) {
  const organisationId = await idOf(ask, sender);
  for (const candidate of candidates) {
    await mutate(ask, candidate, "grantScopes", { organisationId, scopes: ["HANDOFFS_OFFER"] });
  }
}

export async function offer(
  ask: Demo["ask"],
  sender: string,
  candidates: readonly string[],
  input: object = {},
) {
  const candidateIds = await Promise.all(candidates.map((handle) => idOf(ask, handle)));
  return mutate(
    ask,
    sender,
    "offerHandoff",
    {
      candidateIds,
      needs: ["SHELTER"],
      riskProfile: "JOURNALIST",
      party: { adults: 1, children: 0 },
      priority: "URGENT",
      country: "GE",
      destinations: ["AM"],
      documentsHeld: ["NONE"],
      windowStart: night(1),
      windowEnd: night(5),
      consent: { purpose: "SHELTER", givenAt: inDays(-1), expiresAt: inDays(30) },
      ...input,
    },
    `{ ${FIELDS} ${CLOSED} }`,
  );
}

export const accept = (ask: Demo["ask"], by: string, id: string, input: object = {}) =>
  mutate(ask, by, "acceptHandoff", { id, ...input }, `{ ${FIELDS} ${REFUSED} ${CLOSED} }`);

export const step = (ask: Demo["ask"], by: string, field: string, id: string, input: object = {}) =>
  field === "acceptHandoff"
    ? accept(ask, by, id)
    : mutate(
        ask,
        by,
        field,
        {
          id,
          ...(field === "failHandoff" && { reason: "NO_CAPACITY" }),
          ...input,
        },
        `{ ${FIELDS} ${REFUSED} }`,
      );

export const see = async (ask: Demo["ask"], by: string, id: string) =>
  (await ask(by, `query ($id: ID!) { node(id: $id) { ${FIELDS} } }`, { id })).data["node"];

/** Past the walls: time passes, or an envelope is there that nobody sealed. */
export const meddle = (demo: Demo, text: string, values: unknown[] = []) =>
  asSuperuser(demo.database.superuserUrl, (client) => client.query(text, values));

/** An accepted handoff's, that nobody sealed. */
export const plantEnvelope = (demo: Demo, id: string) =>
  meddle(
    demo,
    `with sealed as (update handoff set seal_by = null where id = $1 returning id, recipient_id)
      insert into handoff_envelope select id, recipient_id, 'sealed' from sealed`,
    [decodeId(id)!.uuid],
  );
