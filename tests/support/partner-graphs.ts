import type { Rule } from "../../src/cli/subgraph/rules.ts";

export const FEDERATION = "https://specs.apollo.dev/federation/v2.9";
const DIRECTIVES =
  "authenticated external inaccessible interfaceObject key override provides requires requiresScopes shareable tag".split(
    " ",
  );
export const IMPORT_ALL = `extend schema @link(url: "${FEDERATION}", import: ${JSON.stringify(DIRECTIVES.map((name) => `@${name}`))})`;
/** Each with the rule that names it. `$` stands for whatever the directives are called in the graph. */
export const TAKEOVERS: readonly (readonly [string, Rule, string])[] = [
  [
    "a field with @override",
    "override",
    `type Shelter $key(fields: "id") { id: ID! label: String! $override(from: "network") }`,
  ],
  [
    "a field with a progressive @override",
    "override",
    `type Shelter $key(fields: "id") { id: ID! locality: String! $override(from: "n", label: "percent(5)") }`,
  ],
  [
    "a root field with @override",
    "override",
    `type Query { viewer: Case $override(from: "network") }`,
  ],
  [
    "a shareable field",
    "shareable",
    `type Shelter $key(fields: "id") { id: ID! label: String! $shareable }`,
  ],
  ["a shareable key", "shareable", `type Shelter $key(fields: "id") { id: ID! $shareable }`],
  ["a shareable type", "shareable", `type Shelter $key(fields: "id") $shareable { id: ID! }`],
  [
    "a field with nothing said",
    "field",
    `extend type Shelter $key(fields: "id") { id: ID! label: String! }`,
  ],
  ["a key that may be null", "field", `type CaseReference $key(fields: "id") { id: ID mine: Int }`],
  [
    "an external field of another type",
    "field",
    `type Shelter $key(fields: "id") { id: ID! label: String $external mine: Int $requires(fields: "label") }`,
  ],
  [
    "an interface as an object",
    "interface-object",
    `type Node $key(fields: "id") $interfaceObject { id: ID! note: String }`,
  ],
  [
    "errors as an object",
    "interface-object",
    `type DomainError $interfaceObject { message: String! }`,
  ],
  ["a root field of the same name", "root-field", `type Query { handoffs: [Int!]! }`],
  ["one in an extension", "root-field", `extend type Query { node(id: ID!): Case }`],
  [
    "one of a renamed root",
    "root-field",
    `extend schema { query: Entry } type Entry { viewer: Case }`,
  ],
  ["a mutation of the same name", "root-field", `type Mutation { lockDownOrganisation: Boolean }`],
  [
    "another key",
    "key",
    `type Organisation $key(fields: "handle") { handle: String! $external mine: Int }`,
  ],
  [
    "a compound key",
    "key",
    `type Shelter $key(fields: "id label") { id: ID! label: String! $external }`,
  ],
  [
    "a second key",
    "key",
    `type Shelter $key(fields: "id") $key(fields: "label", resolvable: false) { id: ID! label: String! $external }`,
  ],
  [
    "a key where there is none",
    "key",
    `type Viewer $key(fields: "scopes") { scopes: [Int!]! $external mine: Int }`,
  ],
  ["an entity without its key", "key", `type Shelter { id: ID! mine: Int }`],
  ["a value type", "field", `type PageInfo { hasNextPage: Boolean! endCursor: String }`],
  ["a field more on one", "type", `extend type Party { names: [String!]! }`],
  [
    "an input anew",
    "type",
    `input BedSearch { country: CountryCode! checkIn: Date! checkOut: Date! beds: Int! = 1 includeUnsafe: Boolean! = false } scalar CountryCode scalar Date`,
  ],
  ["an input made longer", "type", `extend input ConfirmBedHoldInput { who: String }`],
  ["an enum with less", "type", `enum HandoffBox { INBOX }`],
  ["an enum with more", "type", `extend enum HandoffStatus { FORGOTTEN }`],
  ["a union with more", "type", `extend union Grantee = Case`],
  ["an interface with more", "type", `extend interface Node { note: String }`],
  ["a scalar as a type", "type", `type SealedEnvelope { text: String! }`],
  ["a type as a scalar", "type", `scalar Handoff`],
  [
    "a hidden type",
    "directive",
    `extend type CaseReference $key(fields: "id") $inaccessible { id: ID! mine: Int }`,
  ],
  [
    "a hidden key",
    "directive",
    `type Shelter $key(fields: "id") { id: ID! $inaccessible mine: Int }`,
  ],
  ["a hidden scalar", "directive", `scalar SealedEnvelope $inaccessible`],
  ["a hidden value", "directive", `enum HandoffBox { INBOX OUTBOX $inaccessible }`],
  ["a hidden root", "directive", `extend type Query $inaccessible { mine: Int }`],
  [
    "other scopes",
    "directive",
    `extend type CaseReference $key(fields: "id") $requiresScopes(scopes: [["x"]]) { id: ID! mine: Int }`,
  ],
  [
    "scopes where there were none",
    "directive",
    `type Shelter $key(fields: "id") { id: ID! $requiresScopes(scopes: [["x"]]) mine: Int }`,
  ],
  ["a tag", "directive", `extend type Shelter $key(fields: "id") $tag(name: "public") { id: ID! }`],
  [
    "a field provided",
    "provides",
    `type Query { mine: Shelter $provides(fields: "label") } type Shelter $key(fields: "id") { id: ID! label: String! $external }`,
  ],
  [
    "one provided below a type of its own",
    "provides",
    `type Query { mine: Box $provides(fields: "box { id ... on Shelter { label } }") } type Box { box: Shelter } extend type Shelter $key(fields: "id") { id: ID! label: String! $external }`,
  ],
];
export const HARMLESS: readonly string[] = [
  `extend type CaseReference $key(fields: "id") { id: ID! $external notes: [String!]! $requiresScopes(scopes: [["cases:read"]]) }`,
  `type Shelter $key(fields: "id") { id: ID! label: String! $external rating: Int $requires(fields: "label") }`,
  `type Organisation $key(fields: "  id  ") { id: ID! contract: String $inaccessible }`,
  `type ConsulateContact $key(fields: "id", resolvable: false) { id: ID! } type Visit { at: ConsulateContact! need: Need } enum Need { SHELTER TRAVEL_DOCUMENT HUMANITARIAN_VISA LEGAL_DEFENCE TRANSPORT MEDICAL PSYCHOSOCIAL INTERPRETING CASH }`,
  `extend type Query { mine: [Case!]! $authenticated visits(on: Date): Int } scalar Date`,
  `type Query { rooms: [Room!]! $tag(name: "x") } type Room $key(fields: "number") { number: Int! size: Int $shareable }`,
  `type Mutation { closeCase(code: String!): Case }`,
  `interface Mine { note: String } type Note implements Mine { note: String } extend type Query { mine: Mine }`,
];

/** Every way to call a directive something else. */
export const SPELLINGS: Readonly<
  Record<
    string,
    (names: readonly string[]) => { schema: string; written: (name: string) => string }
  >
> = {
  "by their names": () => ({ schema: IMPORT_ALL, written: (name) => `@${name}` }),
  "each by another name": (names) => ({
    schema: `extend schema @link(url: "${FEDERATION}", import: [${names.map((name, i) => `{ name: "@${name}", as: "@x${i}" }`).join(" ")}])`,
    written: (name) => `@x${names.indexOf(name)}`,
  }),
  "each by the name of another": (names) => ({
    schema: `extend schema @link(url: "${FEDERATION}", import: [${names.map((name, i) => `{ as: "@${names[(i + 1) % names.length]}", name: "@${name}" }`).join(" ")}])`,
    written: (name) => `@${names[(names.indexOf(name) + 1) % names.length]}`,
  }),
  "in federation's namespace": () => ({
    schema: `extend schema @link(url: "${FEDERATION}")`,
    written: (name) => `@federation__${name}`,
  }),
  "in a namespace of another name": () => ({
    schema: `extend schema @link(url: """${FEDERATION}""", as: "tools")`,
    written: (name) => `@tools__${name}`,
  }),
  "in escapes": (names) => ({
    schema: `extend schema @link(url: "${FEDERATION.replaceAll("f", "\\u0066")}", import: [${names.map((name) => `{ name: "\\u0040${name}", as: "@a_${name}" }`).join(" ")}])`,
    written: (name) => `@a_${name}`,
  }),
};
export const spelled = (graph: string, spelling: string, names: readonly string[] = DIRECTIVES) => {
  const { schema, written } = SPELLINGS[spelling]!(names);
  return `${schema}\n${graph.replaceAll(/\$(\w+)/g, (_, name: string) => written(name))}`;
};

/** With the types that it speaks of and a root field, so that it can be composed. */
export const completed = (graph: string) =>
  [
    graph,
    ...(/\bCase\b/.test(graph) ? ["type Case { code: String! }"] : []),
    ...(/type Query\b|query: /.test(graph) ? [] : ["type Query { any: Int }"]),
  ].join("\n");
