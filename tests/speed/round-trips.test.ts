import { randomUUID } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { OPERATIONS } from "../../bench/operations.ts";
import { SCOPES } from "../../src/kernel/scopes.ts";
import { type Demo, startDemo } from "../support/demo.ts";
import { search, shelter, stay } from "../support/holds.ts";
import { statementsOf, unconfirmed } from "../support/statements.ts";

let demo: Demo;
beforeAll(async () => {
  demo = await startDemo();
});
afterAll(async () => {
  await demo.stop();
});

/** As a client does it that keeps its token: after its first call. */
async function tripsOf(organisation: string, document: string, variables: () => object) {
  const token = await demo.token(organisation, SCOPES);
  const ask = async () => {
    const response = await fetch(demo.url, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: JSON.stringify({ query: document, variables: variables() }),
    });
    const { data, errors } = (await response.json()) as { data: unknown; errors?: unknown };
    expect(errors).toBeUndefined();
    return data;
  };
  await ask();
  let data: unknown;
  const trips = await statementsOf(async () => {
    data = await ask();
  });
  return { data, statements: unconfirmed(trips).map((trip) => trip.length) };
}

describe("round trips to the database, and the statements of each", () => {
  it.each([1, 20])("of a search for %i: its status and the search", async (first) => {
    const document = OPERATIONS.search.document.replace("first: 20", `first: ${first}`);
    const { data, statements } = await tripsOf("lantern", document, () => ({ search }));
    expect((data as { bedAvailability: { edges: unknown[] } }).bedAvailability.edges).toHaveLength(
      Math.min(first, 2),
    );
    expect(statements).toEqual([2]);
  });

  it("of an inbox: its status and the page", async () => {
    const { statements } = await tripsOf("harbour", OPERATIONS.inbox.document, () => ({}));
    expect(statements).toEqual([2]);
  });

  it("of a hold: one, from its status to its answer", async () => {
    const id = await shelter((...call) => demo.ask(...call), "Pomegranate");
    const { statements } = await tripsOf("lantern", OPERATIONS.hold.document, () => ({
      input: { idempotencyKey: randomUUID(), stays: [stay(id, 1)], riskProfile: "OTHER" },
    }));
    expect(statements).toEqual([3]);
  });

  it("of loaders of one tick: one", async () => {
    const document = `query ($search: BedSearch!) { bedAvailability(search: $search) { edges { node {
      shelter { organisation { handle } } advisories { id } } } } viewer { organisation { handle } client { clientId } } }`;
    const { statements } = await tripsOf("lantern", document, () => ({ search }));
    expect(statements.length).toBeLessThanOrEqual(3);
  });
});
