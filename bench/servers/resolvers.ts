import { createServer } from "node:http";
import SchemaBuilder from "@pothos/core";
import DataLoader from "dataloader";
import { createYoga } from "graphql-yoga";
import { Kysely, PostgresDialect, sql } from "kysely";
import pg from "pg";
import type { DB } from "../../src/platform/db/schema.ts";
import { type HoldRow, placeHold } from "./resolvers-hold.ts";

// As usually written: Yoga, Pothos and Kysely with their defaults, a resolver and a loader a field.
const pool = new pg.Pool({
  connectionString: process.env["DATABASE_URL"],
  max: 4,
  idleTimeoutMillis: 0,
});
pg.types.setTypeParser(pg.types.builtins.DATE, (value: string) => value);
const db = new Kysely<DB>({ dialect: new PostgresDialect({ pool }) });

const loaders = () => ({
  organisation: new DataLoader(async (ids: readonly string[]) => {
    const rows = await db.selectFrom("organisation").selectAll().where("id", "in", ids).execute();
    return ids.map((id) => rows.find((row) => row.id === id)!);
  }),
  shelter: new DataLoader(async (ids: readonly string[]) => {
    const rows = await db.selectFrom("shelter").selectAll().where("id", "in", ids).execute();
    return ids.map((id) => rows.find((row) => row.id === id)!);
  }),
});
interface Context {
  readonly organisation: string;
  readonly load: ReturnType<typeof loaders>;
}
type Row<Load extends keyof Context["load"]> = Awaited<ReturnType<Context["load"][Load]["load"]>>;

const builder = new SchemaBuilder<{
  Context: Context;
  DefaultFieldNullability: false;
  Scalars: {
    ID: { Input: string; Output: string };
    Date: { Input: string; Output: string };
    DateTime: { Input: Date; Output: Date };
    CountryCode: { Input: string; Output: string };
  };
}>({
  defaultFieldNullability: false,
  // Required by types that another builder's plugin declares; no plugin is used here.
  scopeAuth: { authScopes: () => ({}) },
});
for (const name of ["Date", "CountryCode"] as const)
  builder.scalarType(name, { serialize: String, parseValue: String });
builder.scalarType("DateTime", {
  serialize: (value) => value.toISOString(),
  parseValue: (value) => new Date(String(value)),
});

const Organisation = builder.objectRef<Row<"organisation">>("Organisation").implement({
  fields: (t) => ({ id: t.exposeID("id"), handle: t.exposeString("handle") }),
});
const Shelter = builder.objectRef<Row<"shelter">>("Shelter").implement({
  fields: (t) => ({
    id: t.exposeID("id"),
    label: t.exposeString("label"),
    country: t.exposeString("country"),
    locality: t.exposeString("locality"),
    kind: t.exposeString("kind"),
    features: t.exposeStringList("features"),
    organisation: t.field({
      type: Organisation,
      resolve: ({ owner_id }, _, { load }) => load.organisation.load(owner_id),
    }),
  }),
});
interface Free {
  readonly shelter_id: string;
  readonly free: number;
  readonly counted: boolean;
}
const BedAvailability = builder.objectRef<Free>("BedAvailability").implement({
  fields: (t) => ({
    band: t.string({
      resolve: ({ free }) => (free >= 6 ? "MANY" : free >= 3 ? "SOME" : free >= 1 ? "FEW" : "NONE"),
    }),
    beds: t.int({ nullable: true, resolve: ({ free, counted }) => (counted ? free : null) }),
    shelter: t.field({
      type: Shelter,
      resolve: ({ shelter_id }, _, { load }) => load.shelter.load(shelter_id),
    }),
  }),
});
const PageInfo = builder.objectRef<{ hasNextPage: boolean }>("PageInfo").implement({
  fields: (t) => ({ hasNextPage: t.exposeBoolean("hasNextPage") }),
});
const BedEdge = builder.objectRef<{ node: Free }>("BedAvailabilityEdge").implement({
  fields: (t) => ({ node: t.field({ type: BedAvailability, resolve: ({ node }) => node }) }),
});
const BedPage = builder.objectRef<Free[]>("BedAvailabilityConnection").implement({
  fields: (t) => ({
    edges: t.field({
      type: [BedEdge],
      resolve: (rows) => rows.slice(0, 20).map((node) => ({ node })),
    }),
    pageInfo: t.field({ type: PageInfo, resolve: (rows) => ({ hasNextPage: rows.length > 20 }) }),
  }),
});
const BedSearch = builder.inputType("BedSearch", {
  fields: (t) => ({
    country: t.field({ type: "CountryCode", required: true }),
    checkIn: t.field({ type: "Date", required: true }),
    checkOut: t.field({ type: "Date", required: true }),
    beds: t.int({ required: true, defaultValue: 1 }),
  }),
});
builder.queryType({});
builder.queryField("bedAvailability", (t) =>
  t.field({
    type: BedPage,
    args: { search: t.arg({ type: BedSearch, required: true }), first: t.arg.int() },
    resolve: async (_, { search }, { organisation }) => {
      const { rows } = await sql<Free>`
        select s.id as shelter_id, v.free, v.counted
          from shelter s
          cross join lateral (
            select case when count(*) < ${search.checkOut}::date - ${search.checkIn}::date then 0
                else min(n.maximum - n.held - n.occupied - n.out_of_service) end as free,
              s.owner_id = ${organisation} or exists (
                select from sharing_reach r where r.organisation_id = ${organisation} and r.owner_id = s.owner_id
                  and r.scope = 'beds:hold' and (r.country is null or r.country = s.country)) as counted
              from bed_night n
              where n.shelter_id = s.id and n.night >= ${search.checkIn} and n.night < ${search.checkOut}) v
          where s.country = ${search.country} and v.free > 0 and (not v.counted or v.free >= ${search.beds})
            and (s.owner_id = ${organisation} or exists (
              select from sharing_reach r where r.organisation_id = ${organisation} and r.owner_id = s.owner_id
                and r.scope in ('beds:read', 'beds:hold') and (r.country is null or r.country = s.country)))
          order by s.id limit 21`.execute(db);
      return rows;
    },
  }),
);

type HandoffRow = Awaited<ReturnType<typeof inboxOf>>[number];
const inboxOf = (organisation: string) =>
  db
    .selectFrom("handoff as h")
    .selectAll("h")
    .where((where) =>
      where.or([
        where("h.recipient_id", "=", organisation),
        where.and([
          where("h.recipient_id", "is", null),
          where.exists(
            where
              .selectFrom("handoff_candidate as c")
              .select("c.handoff_id")
              .whereRef("c.handoff_id", "=", "h.id")
              .where("c.organisation_id", "=", organisation),
          ),
        ]),
      ]),
    )
    .orderBy("h.id")
    .limit(21)
    .execute();
const Party = builder.objectRef<HandoffRow>("Party").implement({
  fields: (t) => ({
    adults: t.exposeInt("adults"),
    children: t.exposeInt("children"),
    placement: t.exposeString("placement"),
  }),
});
const Consent = builder.objectRef<HandoffRow>("Consent").implement({
  fields: (t) => ({
    purpose: t.exposeString("consent_purpose"),
    givenAt: t.expose("consent_given_at", { type: "DateTime" }),
    expiresAt: t.expose("consent_expires_at", { type: "DateTime" }),
    caregiver: t.exposeBoolean("consent_by_caregiver"),
  }),
});
const Handoff = builder.objectRef<HandoffRow>("Handoff").implement({
  fields: (t) => ({
    id: t.exposeID("id"),
    status: t.exposeString("status"),
    priority: t.exposeString("priority"),
    needs: t.exposeStringList("needs"),
    party: t.field({ type: Party, resolve: (row) => row }),
    consent: t.field({ type: Consent, resolve: (row) => row }),
    sender: t.field({
      type: Organisation,
      resolve: ({ sender_id }, _, { load }) => load.organisation.load(sender_id),
    }),
    acknowledgeBy: t.expose("acknowledge_by", { type: "DateTime" }),
    decideBy: t.expose("decide_by", { type: "DateTime" }),
  }),
});
const HandoffEdge = builder.objectRef<{ node: HandoffRow }>("HandoffEdge").implement({
  fields: (t) => ({ node: t.field({ type: Handoff, resolve: ({ node }) => node }) }),
});
const HandoffPage = builder.objectRef<HandoffRow[]>("HandoffConnection").implement({
  fields: (t) => ({
    edges: t.field({
      type: [HandoffEdge],
      resolve: (rows) => rows.slice(0, 20).map((node) => ({ node })),
    }),
    pageInfo: t.field({ type: PageInfo, resolve: (rows) => ({ hasNextPage: rows.length > 20 }) }),
  }),
});
const HandoffBox = builder.enumType("HandoffBox", { values: ["INBOX", "OUTBOX"] as const });
builder.queryField("handoffs", (t) =>
  t.field({
    type: HandoffPage,
    args: { box: t.arg({ type: HandoffBox, required: true }), first: t.arg.int() },
    resolve: (_, __, { organisation }) => inboxOf(organisation),
  }),
);

const BedHold = builder.objectRef<HoldRow>("BedHold").implement({
  fields: (t) => ({
    id: t.exposeID("id"),
    status: t.exposeString("status"),
    expiresAt: t.expose("expires_at", { type: "DateTime", nullable: true }),
    host: t.field({
      type: Organisation,
      resolve: ({ host_id }, _, { load }) => load.organisation.load(host_id),
    }),
  }),
});
const DomainError = builder.interfaceRef<Error>("DomainError").implement({
  fields: (t) => ({ message: t.exposeString("message") }),
});
const Exhausted = builder
  .objectRef<Error>("CapacityExhausted")
  .implement({ interfaces: [DomainError] });
const HoldBedsResult = builder.unionType("HoldBedsResult", {
  types: [BedHold, Exhausted],
  resolveType: (value) => (value instanceof Error ? "CapacityExhausted" : "BedHold"),
});
const BedStayInput = builder.inputType("BedStayInput", {
  fields: (t) => ({
    shelterId: t.id({ required: true }),
    beds: t.int({ required: true }),
    checkIn: t.field({ type: "Date", required: true }),
    checkOut: t.field({ type: "Date", required: true }),
  }),
});
const HoldBedsInput = builder.inputType("HoldBedsInput", {
  fields: (t) => ({
    idempotencyKey: t.string({ required: true }),
    riskProfile: t.string({ required: true }),
    ttlMinutes: t.int({ required: true }),
    stays: t.field({ type: [BedStayInput], required: true }),
  }),
});
builder.mutationType({});
builder.mutationField("holdBeds", (t) =>
  t.field({
    type: HoldBedsResult,
    args: { input: t.arg({ type: HoldBedsInput, required: true }) },
    resolve: (_, { input }, { organisation }) =>
      placeHold(db, organisation, input.idempotencyKey, input.stays[0]!),
  }),
);

const yoga = createYoga<object, Context>({
  schema: builder.toSchema(),
  context: ({ request }) => ({
    organisation: request.headers.get("x-organisation")!,
    load: loaders(),
  }),
  logging: false,
});
const server = createServer((request, response) => void yoga(request, response));
server.listen(0, "127.0.0.1", () => {
  console.log(`serves http://127.0.0.1:${(server.address() as { port: number }).port}/graphql`);
});
process.once("SIGTERM", () => server.close(() => void pool.end()).closeAllConnections());
