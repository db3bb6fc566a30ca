import { setImmediate as loopTurned } from "node:timers/promises";

const AT_ONCE = 100;

/** Each of them; after a hundred the process first does what else there is. */
export async function* inTurns<Item>(items: readonly Item[]): AsyncGenerator<Item, void> {
  for (const [index, item] of items.entries()) {
    if (index > 0 && index % AT_ONCE === 0) await loopTurned();
    yield item;
  }
}
