import { parse, type OperationDefinitionNode } from "graphql";
import { describe, expect, it } from "vitest";
import { createBound } from "../../src/platform/graphql/limits.ts";
import { createOperations } from "../../src/platform/http/operation.ts";
import { buildSchema } from "../../src/schema.ts";

const schema = buildSchema();
const start = () =>
  createOperations({ schema, documents: null, introspection: true, log: () => {} });
const prepare = start();

/** The code of the refusal, or null, and as how many requests more it was counted. */
function judged(query: string, variables: Record<string, unknown> = {}, by = prepare) {
  const counted: number[] = [];
  const asked = { query, hash: null, operationName: null, variables };
  const prepared = by(asked, (requests) => counted.push(requests));
  const code = "execute" in prepared ? null : prepared.errors![0]!.extensions["code"];
  return { code, counted };
}
const many = (count: number, one: (nth: number) => string) =>
  Array.from({ length: count }, (_, nth) => one(nth)).join(" ");
const scopes = (count: number, more = "") =>
  `{ viewer { ${many(count, (nth) => `a${nth}: scopes`)} ${more} } }`;

function costOf(query: string): number {
  const document = parse(query);
  return createBound(schema, document, document.definitions[0] as OperationDefinitionNode)({}).cost;
}

/** A document that may come to exactly so many fields. */
function ofCost(cost: number): string {
  const page = (fields: number) =>
    `organisations(first: 100) { edges { node { ${many(fields, (nth) => `a${nth}: id`)} } } }`;
  const [one, two] = [costOf(`{ ${page(1)} }`), costOf(`{ ${page(2)} }`)];
  const fields = Math.floor((cost - one) / (two - one));
  const rest = cost - one - fields * (two - one);
  return `{ ${page(fields + 1)} ${many(rest, (nth) => `b${nth}: __typename`)} }`;
}

describe("a document is taken up to its bound, and not beyond:", () => {
  /** A page of none, so that it comes to nothing else. */
  const ofCases = (...below: string[]) =>
    ["handoffs(box: INBOX, first: 0)", "edges", "node", ...CASE, ...CASE, ...below].reduceRight(
      (inner, level) => `{ ${level} ${inner} }`,
      "",
    );
  const CASE = ["caseReference", "handoffs"];
  /** Each comes to 2,313: its fields, their arguments and what those take count as ten each. */
  const ofTypes = (count: number) =>
    `{ ${many(count, (nth) => `a${nth}: __type(name: "Mutation") { ...Told }`)} } fragment Told on __Type {
      fields { args { type { ofType { inputFields { name description } } } } } }`;
  const values = (count: number) => ({ unused: Array(count - 1).fill(1) });
  const subscription = "subscription ($after: String) { events(after: $after) { at } }";
  const followed = (length: number) => ({
    after: "x".repeat(length - subscription.length - '{"after":""}'.length),
  });

  it.each<[string, [string, Record<string, unknown>?], [string, Record<string, unknown>?]]>([
    ["2,000 tokens", [scopes(665)], [scopes(665, "scopes")]],
    ...["\n", "\r", "\r\n"].map((end): [string, [string], [string]] => [
      `10,000 lines that end with ${JSON.stringify(end)}`,
      [end.repeat(9_999) + scopes(1)],
      [end.repeat(10_000) + scopes(1)],
    ]),
    [
      "60 repetitions",
      [`{ viewer { ${"scopes ".repeat(61)} } }`],
      [`{ viewer { ${"scopes ".repeat(62)} } }`],
    ],
    ["50,000 fields", [ofCost(50_000)], [ofCost(50_001)]],
    ["50,000 fields of types that it names", [ofTypes(21)], [ofTypes(22)]],
    [
      "12 levels",
      [ofCases("matches", "beds", "shelter", "organisation", "id")],
      [ofCases("matches", "beds", "shelter", "organisation", "clients", "id")],
    ],
    ["2,000 values", [scopes(1), values(2_000)], [scopes(1), values(2_001)]],
    [
      "2,048 characters that are followed",
      [subscription, followed(2_048)],
      [subscription, followed(2_049)],
    ],
  ])("%s", (_, most, more) => {
    expect([judged(...most).code, judged(...more).code]).toEqual([null, "LIMIT_EXCEEDED"]);
  });
});

it("a subscription to fragments in a circle is refused as what it is", () => {
  const query =
    "subscription { ...E } fragment E on Subscription { ...F } fragment F on Subscription { ...E events { at } }";
  expect(judged(query).code).toBe("BAD_USER_INPUT");
});

describe("a document is counted", () => {
  const ofLength = (length: number, mark = "") =>
    `{ viewer { scopes } }#${mark}`.padEnd(length, "x");

  it("as a request more for each thousand characters that are read anew", () => {
    expect(judged(ofLength(999))).toEqual({ code: null, counted: [0, 0] });
    expect(judged(ofLength(1_000))).toEqual({ code: null, counted: [1, 0] });
    expect(judged(ofLength(1_000))).toEqual({ code: null, counted: [0] });
  });

  it("as one more for each thousand fields that it may come to, and for each write after the first", () => {
    const fields = (count: number) => `{ ${many(count, (nth) => `a${nth}: __typename`)} }`;
    expect([costOf(fields(500)), judged(fields(500)).counted.at(-1)]).toEqual([500, 0]);
    expect([999, 1_000, 2_000].map((cost) => judged(ofCost(cost)).counted.at(-1))).toEqual([
      0, 1, 2,
    ]);
    const write =
      'revokeToken(input: { idempotencyKey: "many-writes", jti: "0123456789abcdef" }) { id }';
    const writes = (count: number) => `mutation { ${many(count, (nth) => `w${nth}: ${write}`)} }`;
    expect([1, 2, 5].map((count) => judged(writes(count)).counted.at(-1))).toEqual([0, 1, 4]);
  });

  it("as one more for each root field of a query after its tenth, those of fragments too", () => {
    const page = (nth: number) => `a${nth}: organisations(first: 1) { edges { cursor } }`;
    const pages = (count: number) => `{ ${many(count, page)} }`;
    expect([1, 10, 11, 90].map((count) => judged(pages(count)).counted.at(-1))).toEqual([
      0, 0, 1, 80,
    ]);
    const spread = `{ ...More } fragment More on Query { ${many(12, page)} }`;
    expect(judged(spread).counted.at(-1)).toBe(2);
  });

  it("anew where it is longer than 32 KiB, or is none of the 200 that were asked last", () => {
    const by = start();
    const isKnown = (query: string) => judged(query, {}, by).counted.length === 1;
    for (const length of [32 * 1024, 32 * 1024 + 1]) judged(ofLength(length), {}, by);
    expect([isKnown(ofLength(32 * 1024)), isKnown(ofLength(32 * 1024 + 1))]).toEqual([true, false]);
    const known = Array.from({ length: 200 }, (_, nth) => ofLength(100, String(nth)));
    for (const query of known) isKnown(query);
    expect(isKnown(known[0]!)).toBe(true);
    expect(isKnown(ofLength(100, "one more"))).toBe(false);
    expect(isKnown(known[0]!)).toBe(true);
    expect(isKnown(known[2]!)).toBe(true);
    expect(isKnown(known[1]!)).toBe(false);
  });
});
