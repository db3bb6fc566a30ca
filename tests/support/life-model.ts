/**
 * The lives of handoffs and holds said once more, in plain objects: where each stands by now, what each may do, and who
 * hears of it. Hours are the model's own; a clock that has not come by changes nothing that anybody reads.
 */
export const ORGANISATIONS = ["lantern", "harbour", "bridge"] as const;
export type Name = (typeof ORGANISATIONS)[number];
/** Whose beds all are. */
export const HOST: Name = "harbour";
export const BEDS = 3;

export interface Case {
  readonly id: string;
  readonly sender: Name;
  /** Whether it has dropped out. */
  readonly candidates: Map<Name, boolean>;
  readonly acknowledged: Set<Name>;
  readonly isAtRisk: boolean;
  readonly answerWithin: number;
  readonly decideBy: number;
  readonly consentUntil: number;
  status: string;
  recipient: Name | null;
  heldFrom: string | null;
  isSealed: boolean;
  sealBy: number;
}
export interface Hold {
  readonly id: string;
  readonly holder: Name;
  readonly beds: number;
  /** Nights from today, `until` exclusive. */
  readonly from: number;
  readonly until: number;
  readonly expiresAt: number;
  status: string;
}

const LIVE = ["REQUESTED", "ACCEPTED", "IN_PROGRESS", "ON_HOLD"];
const OF_SENDER = ["cancelHandoff", "withdrawConsent", "sealHandoff"];
const OF_CANDIDATE = ["acknowledgeHandoff", "acceptHandoff", "rejectHandoff"];
const OF_RECIPIENT = [
  "receiveHandoff",
  "holdHandoff",
  "resumeHandoff",
  "completeHandoff",
  "failHandoff",
];
export const STEPS = [...OF_SENDER, ...OF_CANDIDATE, ...OF_RECIPIENT];

export class Lives {
  now = 0;
  maximum = BEDS;
  readonly cases: Case[] = [];
  readonly holds: Hold[] = [];
  readonly suspended = new Set<Name>();
  advisory: { readonly id: string; isConfirmed: boolean; readonly until: number } | null = null;
  /** Who was told of what since it was last listened, as `organisation id`; and what the clock has told, or will. */
  readonly told = new Set<string>();
  readonly due = new Map<string, "UNHEARD" | "PERHAPS">();

  isClosed = ({ isAtRisk }: { readonly isAtRisk: boolean }) =>
    isAtRisk &&
    this.advisory !== null &&
    this.advisory.isConfirmed &&
    this.advisory.until > this.now;

  statusOf(one: Case): string {
    if (one.status === "REQUESTED") {
      if (one.decideBy <= this.now) return "EXPIRED";
      if (this.suspended.has(one.sender) || this.isClosed(one)) return "ON_HOLD";
    }
    return one.status === "ACCEPTED" && one.sealBy <= this.now ? "EXPIRED" : one.status;
  }

  active = () => ORGANISATIONS.filter((name) => !this.suspended.has(name));

  isOpen = (one: Case) => LIVE.includes(one.status);

  stateOf = (hold: Hold) =>
    hold.status === "HELD" && hold.expiresAt <= this.now ? "EXPIRED" : hold.status;

  sees = (by: Name, one: Case) =>
    by === one.sender || by === one.recipient || (!one.recipient && one.candidates.has(by));

  hasConsent = ({ consentUntil }: Case) => consentUntil > this.now;

  /** What the step is answered with: a refusal, or "OK". */
  answerTo(step: string, by: Name, one: Case): string {
    if (this.suspended.has(by)) return "UNAUTHENTICATED";
    const status = this.statusOf(one);
    const legal = (...from: string[]) => (from.includes(status) ? "OK" : "IllegalTransition");
    const consented = (answer: string) =>
      answer === "OK" && !this.hasConsent(one) ? "BAD_USER_INPUT" : answer;
    if (by === one.sender) {
      if (step === "sealHandoff") return consented(legal("ACCEPTED"));
      return OF_SENDER.includes(step) ? legal(...LIVE) : "NOT_FOUND";
    }
    if (OF_SENDER.includes(step) || !(one.candidates.has(by) || by === one.recipient))
      return "NOT_FOUND";
    if (one.recipient !== null && by !== one.recipient) {
      const isPassedOver = step === "acceptHandoff" && !one.candidates.get(by);
      return isPassedOver ? "AlreadyAccepted" : "NOT_FOUND";
    }
    if (OF_CANDIDATE.includes(step)) {
      if (by === one.recipient || one.candidates.get(by)) return "IllegalTransition";
      if (step !== "acceptHandoff") return legal("REQUESTED");
      if (LIVE.includes(status) && this.isClosed(one)) return "AdvisoryInForce";
      return consented(legal("REQUESTED"));
    }
    if (by !== one.recipient) return "IllegalTransition";
    switch (step) {
      case "receiveHandoff":
        return one.isSealed ? consented(legal("ACCEPTED")) : "IllegalTransition";
      case "holdHandoff":
        return legal("ACCEPTED", "IN_PROGRESS");
      case "resumeHandoff":
        if (this.isClosed(one)) return "IllegalTransition";
        if (one.heldFrom === "ACCEPTED" && this.suspended.has(one.sender))
          return "IllegalTransition";
        return consented(legal("ON_HOLD"));
      case "completeHandoff":
        return legal("IN_PROGRESS");
      default:
        return legal("ACCEPTED", "IN_PROGRESS", "ON_HOLD");
    }
  }

  take(step: string, by: Name, one: Case): void {
    const asked = [...one.candidates.keys()];
    const sides = [one.sender, one.recipient ?? by];
    switch (step) {
      case "acknowledgeHandoff":
        if (one.acknowledged.has(by)) return;
        one.acknowledged.add(by);
        return this.tell(one.id, sides);
      case "rejectHandoff": {
        one.candidates.set(by, true);
        if (![...one.candidates.values()].includes(false)) one.status = "REJECTED";
        return this.tell(one.id, sides);
      }
      case "acceptHandoff": {
        const passedOver = asked.filter((name) => !one.candidates.get(name));
        one.recipient = by;
        one.status = "ACCEPTED";
        one.sealBy = this.now + one.answerWithin;
        return this.tell(one.id, [one.sender, ...passedOver]);
      }
      case "sealHandoff":
        one.isSealed = true;
        one.sealBy = Infinity;
        return this.tell(one.id, sides);
      case "receiveHandoff":
        one.isSealed = false;
        one.status = "IN_PROGRESS";
        return this.tell(one.id, sides);
      case "holdHandoff":
        this.#stop(one);
        one.sealBy = Infinity;
        return this.tell(one.id, sides);
      case "resumeHandoff":
        one.status = one.heldFrom!;
        one.heldFrom = null;
        one.sealBy =
          one.status === "ACCEPTED" && !one.isSealed ? this.now + one.answerWithin : Infinity;
        return this.tell(one.id, sides);
      default: {
        const others = one.recipient === null ? asked : [one.recipient];
        const ends: Record<string, string> = {
          completeHandoff: "COMPLETED",
          failHandoff: "FAILED",
        };
        one.status = ends[step] ?? "CANCELLED";
        one.isSealed = false;
        return this.tell(one.id, [one.sender, ...others]);
      }
    }
  }

  #stop(one: Case): void {
    one.heldFrom ??= one.status;
    one.status = "ON_HOLD";
  }

  /** What an advisory closes by now, once it is confirmed. */
  close(): void {
    for (const one of this.cases) {
      if (this.statusOf(one) !== "ACCEPTED" || !this.isClosed(one)) continue;
      this.#stop(one);
      this.tell(one.id, [one.sender, one.recipient!]);
    }
  }

  suspend(name: Name): void {
    this.suspended.add(name);
    for (const one of this.cases) {
      const isSide = name === one.sender || name === one.recipient;
      if (!isSide || !["ACCEPTED", "IN_PROGRESS", "ON_HOLD"].includes(one.status)) continue;
      if (this.statusOf(one) === "EXPIRED") continue;
      this.#stop(one);
      one.isSealed = false;
      this.tell(one.id, [one.sender, one.recipient!]);
    }
  }

  /** What has come to its end by the clock: it is told when a job comes by. True: an envelope is to be purged. */
  pass(hours: number): boolean {
    this.now += hours;
    let isPurging = false;
    for (const one of this.cases) {
      if (one.isSealed && !this.hasConsent(one)) {
        isPurging = true;
        one.isSealed = false;
        if (one.status === "ACCEPTED") one.sealBy = this.now;
      }
      if (this.statusOf(one) !== "EXPIRED" || one.status === "EXPIRED") continue;
      one.status = "EXPIRED";
      one.isSealed = false;
      for (const name of one.recipient ? [one.recipient] : one.candidates.keys())
        this.due.set(`${name} ${one.id}`, "UNHEARD");
      this.due.set(`${one.sender} ${one.id}`, "UNHEARD");
    }
    for (const hold of this.holds) {
      if (this.stateOf(hold) !== "EXPIRED" || hold.status === "EXPIRED") continue;
      hold.status = "EXPIRED";
      for (const name of [hold.holder, HOST]) this.due.set(`${name} ${hold.id}`, "UNHEARD");
    }
    return isPurging;
  }

  promised(night: number, ...states: string[]): number {
    return this.holds
      .filter((hold) => hold.from <= night && night < hold.until && states.includes(hold.status))
      .reduce((sum, { beds }) => sum + beds, 0);
  }

  answerToHold(
    by: Name,
    want: Omit<Hold, "id" | "status"> & { readonly isAtRisk: boolean },
  ): string {
    if (this.suspended.has(by)) return "UNAUTHENTICATED";
    if (this.suspended.has(HOST)) return "NOT_FOUND";
    if (this.isClosed(want)) return "AdvisoryInForce";
    for (let night = want.from; night < want.until; night++)
      if (this.promised(night, "HELD", "CONFIRMED") + want.beds > this.maximum)
        return "CapacityExhausted";
    return "OK";
  }

  answerToMove(field: string, by: Name, hold: Hold): string {
    if (this.suspended.has(by)) return "UNAUTHENTICATED";
    if (by !== (field === "declineBedHold" ? HOST : hold.holder)) return "NOT_FOUND";
    if (field === "confirmBedHold" && this.suspended.has(HOST)) return "IllegalTransition";
    const from = field === "releaseBedHold" ? ["HELD", "CONFIRMED"] : ["HELD"];
    return from.includes(hold.status) ? "OK" : "IllegalTransition";
  }

  tell(id: string, names: readonly Name[]): void {
    for (const name of names) this.told.add(`${name} ${id}`);
  }
}
