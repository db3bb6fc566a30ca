/** One statement that may run at any time, any number of times, on any number of processes at once. */
export interface Task {
  /** Names it in logs, metrics and traces. */
  readonly name: string;
  /** From the end of one run to the beginning of the next. */
  readonly everyMs: number;
  /** The same after a run that did something and may have left more: `done` says how much. */
  readonly againMs?: number;
  /** A call of the keeper's function that does it: idempotent, passing by what others have locked. */
  readonly text: string;
}

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Every table whose rows have a time that ends. Sealed files go before what they belong to, which would take them along untold. */
const PURGED = [
  "handoff_envelope",
  "handoff",
  "bed_hold",
  "bed_night",
  "consulate_envelope",
  "consulate_reveal",
  "consulate_contact",
  "revoked_token",
  "idempotency_record",
  "event",
  "advisory",
  "sharing_grant",
];
/** Each by itself: one that fails keeps no other from what it promises. */
export const PURGES: readonly Task[] = PURGED.map((table) => ({
  name: `purge_${table}`,
  everyMs: 10 * MINUTE,
  againMs: SECOND,
  text: `select purge_table('${table}', 1000) as done`,
}));

/** Nothing depends on one having run: reads tell the same without. */
export const TASKS: readonly Task[] = [
  {
    name: "settle_holds",
    everyMs: 5 * SECOND,
    againMs: SECOND / 4,
    text: "select settle_overdue_holds(null, 200) as done",
  },
  {
    name: "settle_handoffs",
    everyMs: 5 * SECOND,
    againMs: SECOND / 4,
    text: "select settle_handoffs(200) as done",
  },
  { name: "open_nights", everyMs: HOUR, text: "select open_nights(null)" },
  ...PURGES,
  { name: "sum_up_revocations", everyMs: 10 * SECOND, text: "select sum_up_revocations()" },
  { name: "purge_used_proofs", everyMs: 10 * SECOND, text: "select purge_used_proofs(20000)" },
];
