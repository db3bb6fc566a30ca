import { createHash } from "node:crypto";
import { z } from "zod";
import { encodeBase64url } from "../../kernel/base64url.ts";
import type { Api } from "../api.ts";
import type { Horizon } from "./inventory.ts";
import type { Change, Opening, Place, Standing } from "./plan.ts";

const NIGHTS = `id label country locality kind assuredAt
  nights(from: $from, until: $until) { date maximum held occupied outOfService }`;
const Night = z
  .object({
    date: z.string(),
    maximum: z.int(),
    held: z.int(),
    occupied: z.int(),
    outOfService: z.int(),
  })
  .transform(({ date, maximum, held, occupied, outOfService }) => {
    return { date, maximum, promised: held + occupied + outOfService };
  });
const Shelter: z.ZodType<Standing> = z.object({
  id: z.string(),
  label: z.string(),
  country: z.string(),
  locality: z.string(),
  kind: z.string(),
  assuredAt: z.string(),
  nights: z.array(Night),
});

/** Whose token it is. */
export async function handleOf(api: Api): Promise<string> {
  const answer = z.object({ viewer: z.object({ organisation: z.object({ handle: z.string() }) }) });
  return (await api.ask(answer, "{ viewer { organisation { handle } } }", {})).viewer.organisation
    .handle;
}

// Each with its 367 nights: larger pages would be answers of megabytes.
const PAGE = 20;
const Page = z.object({
  shelters: z.object({
    edges: z.array(z.object({ node: Shelter })),
    pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
  }),
});

/** Every shelter of the caller's. */
export async function findStanding(api: Api, horizon: Horizon): Promise<Standing[]> {
  const document = `query ($from: Date!, $until: Date!, $after: String) {
    shelters(first: ${PAGE}, after: $after) {
      edges { node { ${NIGHTS} } } pageInfo { hasNextPage endCursor } } }`;
  const found: Standing[] = [];
  let after: string | null = null;
  do {
    const { shelters }: z.infer<typeof Page> = await api.ask(Page, document, { ...horizon, after });
    found.push(...shelters.edges.map(({ node }) => node));
    after = shelters.pageInfo.hasNextPage ? shelters.pageInfo.endCursor : null;
  } while (after !== null);
  return found;
}

/**
 * One key for one effect, so that a run that was killed and is repeated has it once. What the effect
 * replaces is part of it: beds set from A to B and back to A are three effects.
 */
const keyOf = (...effect: readonly unknown[]) =>
  `hmis-${encodeBase64url(createHash("sha256").update(JSON.stringify(effect)).digest())}`;

export async function openShelter(
  api: Api,
  { statement, kind, features, begin }: Opening,
  place: Place,
  horizon: Horizon,
): Promise<Standing> {
  const document = `mutation ($input: CreateShelterInput!, $from: Date!, $until: Date!) {
    createShelter(input: $input) { ${NIGHTS} } }`;
  const shelter = { label: statement.label, ...place, kind, features, beds: begin };
  const input = { ...shelter, idempotencyKey: keyOf("createShelter", shelter) };
  const answer = z.object({ createShelter: Shelter });
  return (await api.ask(answer, document, { input, ...horizon })).createShelter;
}

export async function setNights(api: Api, standing: Standing, change: Change): Promise<void> {
  const { from, until, was, maximum } = change;
  const document = "mutation ($input: SetBedsInput!) { setBeds(input: $input) { id } }";
  const beds = { shelterId: standing.id, from, until, maximum };
  const idempotencyKey = keyOf("setBeds", beds, was, standing.assuredAt);
  const answer = z.object({ setBeds: z.object({ id: z.string() }) });
  await api.ask(answer, document, { input: { ...beds, idempotencyKey } });
}
