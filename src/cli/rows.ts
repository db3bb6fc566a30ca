import { Stop } from "./command.ts";

/** More than any list of one organisation has. */
const MOST_ROWS = 100_000;

/** The rows of a list: a server that never ends one keeps no command, and fills no memory here. @throws Stop */
export async function* rowsOf<Row>(list: AsyncIterable<Row>): AsyncGenerator<Row, void, void> {
  let count = 0;
  for await (const row of list) {
    if (++count > MOST_ROWS) throw new Stop(`The list has more than ${MOST_ROWS} rows.`);
    yield row;
  }
}
