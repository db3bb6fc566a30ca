import { randomUUID } from "node:crypto";
import { decodeId } from "../../src/kernel/ids.ts";
import { type Demo, idOf, night } from "./demo.ts";
import { asSuperuser } from "./postgres.ts";

const FIELDS = `__typename
  ... on Handoff { id status recipient { handle } reason caseReference { id } envelope history { to by } consent { withdrawnAt } }`;
const REFUSED = "... on IllegalTransition { from allowed }";
const CLOSED = "... on AdvisoryInForce { advisory { id } }";
export const inDays = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();

/** Lets the sender offer to each of them. */
export async function openTo(ask: Demo["ask"], sender: string, candidates: readonly string[]) {
  const organisationId = await idOf(ask, sender);
  for (const candidate of candidates) {
    await ask(
      candidate,
      `mutation ($input: GrantScopesInput!) { grantScopes(input: $input) { id } }`,
      {
        input: { idempotencyKey: randomUUID(), organisationId, scopes: ["HANDOFFS_OFFER"] },
      },
    );
  }
}

export async function offer(
  ask: Demo["ask"],
  sender: string,
  candidates: readonly string[],
  input: object = {},
) {
  const candidateIds = await Promise.all(candidates.map((handle) => idOf(ask, handle)));
  return ask(
    sender,
    `mutation ($input: OfferHandoffInput!) { offerHandoff(input: $input) { ${FIELDS} ${CLOSED} } }`,
    {
      input: {
        idempotencyKey: randomUUID(),
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
    },
  );
}

export const accept = (ask: Demo["ask"], by: string, id: string, input: object = {}) =>
  ask(
    by,
    `mutation ($input: AcceptHandoffInput!) { acceptHandoff(input: $input) { ${FIELDS} ${REFUSED} ${CLOSED} } }`,
    { input: { idempotencyKey: randomUUID(), id, ...input } },
  );

export const step = (ask: Demo["ask"], by: string, field: string, id: string, input: object = {}) =>
  field === "acceptHandoff"
    ? accept(ask, by, id)
    : ask(
        by,
        `mutation ($input: HandoffStepInput!) { ${field}(input: $input) { ${FIELDS} ${REFUSED} } }`,
        {
          input: {
            idempotencyKey: randomUUID(),
            id,
            ...(field === "failHandoff" && { reason: "NO_CAPACITY" }),
            ...input,
          },
        },
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
