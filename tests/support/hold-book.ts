import { isDeepStrictEqual } from "node:util";
import { uuidOf } from "../../src/kernel/ids.ts";
import type { Caller, Line } from "./callers.ts";
import { type Answer, codeOf } from "./demo.ts";
import { move } from "./holds.ts";
import { mutationOf } from "./mutate.ts";

export interface StayInput {
  readonly shelterId: string;
  readonly beds: number;
  readonly checkIn: string;
  readonly checkOut: string;
}
export interface HoldInput {
  readonly idempotencyKey: string;
  readonly stays: readonly StayInput[];
  readonly riskProfile: string;
  readonly ttlMinutes: number;
}
/** A hold that a caller was told of, and what its callers last heard of it. */
export interface Acknowledged {
  readonly id: string;
  readonly uuid: string;
  readonly holder: Caller;
  readonly input: HoldInput;
  status: "HELD" | "CONFIRMED" | "RELEASED" | "DECLINED" | "EXPIRED";
}

const HOLD = `mutation ($input: HoldBedsInput!) { holdBeds(input: $input) { __typename
  ... on BedHold { id stays { beds checkIn checkOut shelter { id } } }
  ... on CapacityExhausted { shelterId } } }`;
const SET = mutationOf("setBeds");
const MOVES = {
  confirmBedHold: "CONFIRMED",
  releaseBedHold: "RELEASED",
  declineBedHold: "DECLINED",
} as const;
export type Move = keyof typeof MOVES;

/** Asks, judges every answer by what was told before, and keeps what was acknowledged. */
export class HoldBook {
  /** By client and idempotency key. */
  readonly acknowledged = new Map<string, Acknowledged>();
  /** Answers that no rule allows. */
  readonly surprises: string[] = [];
  readonly figures = { held: 0, exhausted: 0, repeated: 0, mismatched: 0, moved: 0, tooLate: 0 };

  constructor(private readonly line: Line) {}

  /** Null if the beds were exhausted. A repetition must answer with the first hold. */
  async hold(holder: Caller, input: HoldInput): Promise<Acknowledged | null> {
    const name = `${holder.organisation}/${holder.client} ${input.idempotencyKey}`;
    const before = this.acknowledged.get(name);
    const answer = await this.line.ask(holder, HOLD, { input });
    const told = answer.data?.holdBeds;
    if (told?.__typename === "CapacityExhausted" && !before) {
      this.figures.exhausted++;
      const isAsked = input.stays.some(({ shelterId }) => shelterId === told.shelterId);
      if (!isAsked) this.#surprise("exhausted where nothing was asked", answer);
      return null;
    }
    if (told?.__typename !== "BedHold" || !isDeepStrictEqual(staysIn(told), [...input.stays])) {
      this.#surprise(`${name} asked to hold ${JSON.stringify(input)}`, answer);
      return null;
    }
    const known = this.acknowledged.get(name);
    if (known) {
      this.figures.repeated++;
      if (known.id !== told.id) this.#surprise(`${name} was told of a second hold`, answer);
      return known;
    }
    this.figures.held++;
    const uuid = uuidOf("BedHold", told.id);
    const made: Acknowledged = { id: told.id, uuid, holder, input, status: "HELD" };
    this.acknowledged.set(name, made);
    return made;
  }

  /** The key of an acknowledged hold with another body, or for another operation. */
  async misuse(hold: Acknowledged): Promise<void> {
    const { holder, input } = hold;
    const other = { ...input, ttlMinutes: input.ttlMinutes + 1 };
    const answers = [
      await this.line.ask(holder, HOLD, { input: other }),
      await this.line.ask(holder, move("releaseBedHold"), {
        id: hold.id,
        key: input.idempotencyKey,
      }),
    ];
    for (const answer of answers) {
      if (codeOf(answer) === "IDEMPOTENCY_MISMATCH") this.figures.mismatched++;
      else this.#surprise("a key was used twice", answer);
    }
  }

  /** Whether it moved. Refused only if its time was over. */
  async move(hold: Acknowledged, field: Move, by: Caller = hold.holder): Promise<boolean> {
    const answer = await this.#askToMove(hold, field, by);
    const from = this.#refusedFrom(answer, field);
    if (from === null) {
      hold.status = MOVES[field];
      return true;
    }
    if (from !== "EXPIRED" || !["HELD", "EXPIRED"].includes(hold.status)) {
      this.#surprise(`${field} of a hold that was ${hold.status}`, answer);
    }
    hold.status = "EXPIRED";
    return false;
  }

  /** The holder confirms while the host declines: one of them wins, and the other is told so. */
  async contest(hold: Acknowledged, host: Caller): Promise<void> {
    const fields = ["confirmBedHold", "declineBedHold"] as const;
    const answers = await Promise.all([
      this.#askToMove(hold, fields[0], hold.holder),
      this.#askToMove(hold, fields[1], host),
    ]);
    const [confirm, decline] = fields.map((field, side) =>
      this.#refusedFrom(answers[side]!, field),
    );
    if (confirm === null && decline === "CONFIRMED") hold.status = "CONFIRMED";
    else if (decline === null && confirm === "DECLINED") hold.status = "DECLINED";
    else if (confirm === "EXPIRED" && decline === "EXPIRED") hold.status = "EXPIRED";
    else this.#surprise("confirmed and declined", { data: answers });
  }

  /** Refused only where more is promised. */
  async setBeds(host: Caller, input: object): Promise<void> {
    const answer = await this.line.ask(host, SET, { input });
    const isRefused = JSON.stringify(answer).includes("must not fall below what is held");
    if (!isRefused && !answer.data?.setBeds) this.#surprise("setBeds", answer);
  }

  #askToMove(hold: Acknowledged, field: Move, by: Caller): Promise<Answer> {
    return this.line.ask(by, move(field), { id: hold.id, key: `${field}.${hold.id}` });
  }

  /** Null if it moved; else the state that has no such edge. */
  #refusedFrom(answer: Answer, field: Move): string | null {
    const told = answer.data?.[field];
    if (told?.__typename === "BedHold") {
      this.figures.moved++;
      return null;
    }
    this.figures.tooLate++;
    return told?.__typename === "IllegalTransition" ? told.from : "nowhere";
  }

  #surprise(what: string, answer: Answer): void {
    this.surprises.push(`${what}: ${JSON.stringify(answer)}`);
  }
}

function staysIn(hold: {
  stays: { beds: number; checkIn: string; checkOut: string; shelter: { id: string } }[];
}): StayInput[] {
  return hold.stays.map(({ shelter, beds, checkIn, checkOut }) => ({
    shelterId: shelter.id,
    beds,
    checkIn,
    checkOut,
  }));
}
