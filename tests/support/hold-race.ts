import type { Caller } from "./callers.ts";
import { night } from "./demo.ts";
import type { Acknowledged, HoldBook, HoldInput } from "./hold-book.ts";
import { type Draw, drawFrom } from "./random.ts";

export interface HotShelter {
  readonly id: string;
  readonly beds: number;
}
export interface Race {
  readonly book: HoldBook;
  readonly holders: readonly Caller[];
  readonly host: Caller;
  readonly shelters: readonly HotShelter[];
  readonly attempts: number;
  readonly atOnce: number;
  /** Ends it early. */
  readonly over?: AbortSignal;
  /** What else happens, and once how many attempts have begun. */
  readonly events: readonly { readonly at: number; run(): Promise<void> }[];
}

/** So many holds stay as they are; for the next, the oldest goes. */
const MOST_KEPT = 6;

/**
 * Attempts to hold few beds from many callers at once; what is held is then confirmed, released,
 * declined or kept. Every holder uses the same idempotency keys, for every other key with the same
 * body. Ends early at the first surprise.
 */
export async function raceForBeds(race: Race): Promise<void> {
  const { book, holders, host, shelters } = race;
  const kept: Acknowledged[] = [];
  const happening: Promise<void>[] = [];
  let begun = 0;

  async function attempt(index: number): Promise<void> {
    const round = Math.floor(index / holders.length);
    const holder = holders[index % holders.length]!;
    const isShared = round % 2 === 0;
    const input = planHold(round, drawFrom(isShared ? round : 1_000_000 + index), shelters);
    const draw = drawFrom(2_000_000 + index);
    const isTwice = draw(10) === 0;
    const [hold, echo] = await Promise.all([
      book.hold(holder, input),
      isTwice ? book.hold(holder, input) : null,
    ]);
    const held = hold ?? echo;
    if (!held) return;
    await use(held, draw);
    if (draw(8) === 0) await book.hold(holder, input);
    if (draw(16) === 0) await book.misuse(held);
  }

  async function use(hold: Acknowledged, draw: Draw): Promise<void> {
    const fate = draw(10);
    if (fate < 4) return void (await book.move(hold, "releaseBedHold"));
    if (fate < 6) return void (await book.move(hold, "declineBedHold", host));
    if (fate < 7) await book.contest(hold, host);
    else if (fate < 9) await book.move(hold, "confirmBedHold");
    if (draw(2) === 0) kept.push(hold);
    else await release(hold);
    if (kept.length > MOST_KEPT) await release(kept.shift()!);
  }

  async function release(hold: Acknowledged): Promise<void> {
    if (hold.status === "HELD" || hold.status === "CONFIRMED")
      await book.move(hold, "releaseBedHold");
  }

  async function work(): Promise<void> {
    while (begun < race.attempts && book.surprises.length === 0 && !race.over?.aborted) {
      const index = begun++;
      for (const event of race.events) if (event.at === index) happening.push(event.run());
      if (index % 50 === 49) await resize(index);
      await attempt(index);
    }
  }

  /** The owner takes a bed out or puts one in, on more nights than anybody holds. */
  async function resize(index: number): Promise<void> {
    const draw = drawFrom(3_000_000 + index);
    const { id, beds } = shelters[draw(shelters.length)]!;
    await book.setBeds(host, {
      idempotencyKey: `resize-${index}`,
      shelterId: id,
      from: night(1),
      until: night(60),
      maximum: beds - 1 + draw(3),
      outOfService: draw(2),
    });
  }

  await Promise.all(Array.from({ length: race.atOnce }, work));
  await Promise.all(happening);
}

/** One or two stays of 1 to 3 nights among the same few, the shelters in either order. */
function planHold(round: number, draw: Draw, shelters: readonly HotShelter[]): HoldInput {
  const stays = Array.from({ length: draw(2) + 1 }, () => {
    const from = draw(4) + 1;
    return {
      shelterId: shelters[draw(shelters.length)]!.id,
      beds: draw(2) + 1,
      checkIn: night(from),
      checkOut: night(from + draw(3) + 1),
    };
  });
  return {
    idempotencyKey: `attempt-${round}`,
    stays,
    riskProfile: "OTHER",
    ttlMinutes: draw(2) === 0 ? 1 : 60,
  };
}
