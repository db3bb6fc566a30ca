import pg from "pg";

/** Without those that ask whether what was read a moment ago may still be told: on a busy machine, a call more. */
export const unconfirmed = (batches: readonly string[][]): string[][] =>
  batches.filter((batch) => !batch.some((text) => text.includes("revoked_since")));

/** What calls send to the database while `work` runs, a list for each round trip; jobs and streams left out. */
export async function statementsOf(work: () => Promise<unknown>): Promise<string[][]> {
  const seen: string[][] = [];
  const client = pg.Client.prototype as unknown as {
    query: (this: unknown, ...call: unknown[]) => unknown;
  };
  const { query } = client;
  client.query = function (...call) {
    const { statements = [] } = call[0] as { statements?: readonly { readonly text: string }[] };
    const texts = statements.map(({ text }) => text);
    if (texts.some((text) => /from admit\(|^update idempotency_record/.test(text)))
      seen.push(texts);
    return query.apply(this, call);
  };
  try {
    await work();
  } finally {
    client.query = query;
  }
  return seen;
}
