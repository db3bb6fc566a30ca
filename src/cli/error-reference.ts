import { type GraphQLSchema, isInterfaceType } from "graphql";
import { ERROR_CODES, type ErrorCode } from "../kernel/errors.ts";

/** Status (of application/graphql-response+json), what it means, what a caller does about it. */
const CODES: Readonly<Record<ErrorCode, readonly [status: string, means: string, then: string]>> = {
  UNAUTHENTICATED: [
    "401",
    "No token, or one that opens nothing: expired, of another audience, by a key or client that is out, revoked, or of an organisation or network that is suspended or locked down. The reason is never told. A stream ends with it when its token does.",
    "Sign a new token once. If that is refused too, stop: ask an admin of your organisation.",
  ],
  FORBIDDEN: [
    "200, 403 for a whole request",
    "A scope is missing in the token, the client or the organisation; for a shelter's nights also in what its owner shares. It says nothing of what the operation would have touched.",
    "Ask for a token with the scope that `schema/network.graphql` names beside the field; an admin sets the client's and the organisation's.",
  ],
  NOT_FOUND: [
    "200",
    "Missing, foreign, deleted or not shared with the caller: one answer, to the byte.",
    "Read the list again. Whether it was ever there is not yours to learn.",
  ],
  BAD_USER_INPUT: [
    "400, 405, 406 or 415 before execution, 200 in it",
    "The request, the document or an input is wrong. `extensions.issues` names each place in them by its path and what would be right; a value is never repeated.",
    "Mend it; sent again as it is, it is refused again.",
  ],
  IDEMPOTENCY_MISMATCH: [
    "200",
    "This client used the idempotency key before, for another operation or input. The first call's effect stands.",
    "Use a new key for a new intention; keep key and input together when you retry.",
  ],
  RATE_LIMITED: [
    "429, or 200 for one field",
    "More requests, or more of what is counted, than the client or its organisation may make in this time. Nothing was done.",
    "Wait `extensions.retryAfterSeconds` (also the header `Retry-After`), then send the same again with the same key.",
  ],
  LIMIT_EXCEEDED: [
    "400, 408 or 413 before execution, 200 in it",
    "A bound of the API: of the request (its body's size and time; tokens, depth, repetitions, cost or representations of its document; the values of its variables; a subscription's length), of streams at once, of what one answer tells (a case's handoffs and holds, what an organisation touched), or of what there may be (how often a handoff was held, an issuer's advisories, an owner's shelters and contacts, an organisation's clients, the network's circles, what one gave another). Nothing was done.",
    "Ask for less: smaller pages, fewer fields, several requests, a shorter time. Of what there may be, end some.",
  ],
  UNAVAILABLE: [
    "503, or 200 for one field",
    "The process cannot answer now: its database is away, overloaded or restarting, or it can no longer learn what was revoked.",
    "Retry with the same idempotency key, with growing pauses. Whatever the first call did is done once.",
  ],
  INTERNAL: [
    "500, or 200 for one field",
    "A fault of ours. Nothing of the attempt remains; no detail leaves the process.",
    "Retry once with the same key, then report the time of it.",
  ],
};

/** Members of the result of a mutation: data that a caller acts on, and nothing of the attempt remains. */
const REFUSALS: Readonly<Record<string, string>> = {
  AdvisoryInForce:
    "An advisory for the country and risk profile is in force: choose another country, or wait for its end.",
  AlreadyAccepted:
    "Another candidate was first: let the handoff go, and release what beds you hold for it.",
  CapacityExhausted:
    "The shelter has not so many beds on every night of the stay; nothing of the hold remains. Search again, ask for less.",
  EnvelopeReplaced:
    "What lies there is not the envelope that you named, or that none did; nothing was received, or sealed. Who receives: read the handoff again, keep the new file, and receive that one. Who seals: somebody has sealed since, or what lay there is gone; read the digest again, and ask who sealed before you put yours in its place.",
  IllegalTransition:
    "There is no such step from `from`, for this caller; `allowed` names those that are, and `message` what it waits for where there is none. Read the handoff or hold again.",
  KeptApart:
    "Somebody whom the party is to be kept apart from stays there in the same nights; nothing of the hold remains. Choose another shelter, or other nights.",
  RevealBudgetSpent:
    "The client or its organisation has revealed as many consulate contacts as it may in a day. Wait `retryAfterSeconds`.",
};

/** `docs/errors.md`. @throws if a code or a refusal of the schema has no line here, or one here is none of the schema's */
export function printErrorReference(schema: GraphQLSchema): string {
  const parent = schema.getType("DomainError");
  if (!isInterfaceType(parent)) throw new Error("The schema has no DomainError.");
  const names = schema.getPossibleTypes(parent).map(({ name }) => name);
  const stray = [
    ...names.filter((name) => !(name in REFUSALS)),
    ...Object.keys(REFUSALS).filter((name) => !names.includes(name)),
  ];
  if (stray.length > 0) throw new Error(`Say in the error reference what is ${stray.join()}.`);
  return (
    [
      "# Errors",
      "Generated by `npm run generate` from the closed list of codes and from the schema.",
      "Every error has `message`, and `extensions.code` as below: branch on the code, never on the message. With `Accept: application/json`, or without any, whatever comes of a document has status 200; with `application/graphql-response+json` it has the status below. What is refused before its document is read has that in any case. Outside `/graphql` a problem is answered as `application/problem+json` (RFC 9457).",
      "## Codes",
      ...ERROR_CODES.map((code) => {
        const [status, means, then] = CODES[code];
        return `### ${code}\n\nStatus ${status}.\n\n${means}\n\n**What to do:** ${then}`;
      }),
      "## Refusals",
      "A mutation that can be refused for a reason a caller acts on answers with a union: select `__typename` and each member. They are no errors: `errors` is empty, and nothing of the attempt remains.",
      ...names.toSorted().map((name) => `### ${name}\n\n${REFUSALS[name]}`),
      "",
    ]
      .join("\n\n")
      .trimEnd() + "\n"
  );
}
