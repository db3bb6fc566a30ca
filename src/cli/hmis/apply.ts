import { CallFailed, type Client } from "../../client/index.ts";
import { adviceOn, refusal } from "../advice.ts";
import { printable } from "../../kernel/printable.ts";
import { Stop } from "../command.ts";
import type { Horizon } from "./inventory.ts";
import { openShelter, setNights } from "./network.ts";
import {
  type Change,
  changesOf,
  type Place,
  type Plan,
  shortReason,
  type Standing,
} from "./plan.ts";
import type { Quarantined } from "./read.ts";

interface Made {
  readonly label: string;
  readonly nights: readonly Change[];
}
/** What was done, which is what was planned but for what the API refused. */
interface Done {
  readonly created: readonly (Made & { readonly beds: number })[];
  readonly set: readonly Made[];
  readonly quarantined: readonly Quarantined[];
}

/** One call after the other. @throws Stop, CallFailed, after which the same again does the rest */
export async function applyPlan(
  api: Client,
  plan: Plan,
  place: Place,
  horizon: Horizon,
  showProgress: (done: number, total: number) => void = () => {},
): Promise<Done> {
  const created: (Made & { beds: number })[] = [];
  const set: Made[] = [];
  const quarantined: Quarantined[] = [];
  const quarantine = (row: number, column: string | null, reason: string) =>
    void quarantined.push({ file: "Inventory.csv", row, column, reason });

  async function setAll(standing: Standing, changes: readonly Change[]): Promise<Change[]> {
    const made: Change[] = [];
    for (const change of changes) {
      try {
        await setNights(api, standing, change);
        made.push(change);
      } catch (error) {
        const { code, issues, message } = refusalOfRow(error);
        const { from, until, row } = change;
        const isPromised = issues.some(({ path }) => path.join(".") === "maximum");
        const promised = shortReason(standing.label, from, until, null);
        quarantine(
          row,
          isPromised ? "BedInventory" : null,
          isPromised ? promised : `is refused: ${code}, ${message}`,
        );
      }
    }
    return made;
  }

  const total = plan.create.length + plan.set.length;
  let count = 0;
  try {
    for (const opening of plan.create) {
      showProgress(count, total);
      const { label, row } = opening.statement;
      try {
        const standing = await openShelter(api, opening, place, horizon);
        const nights = await setAll(standing, changesOf(standing.nights, opening).changes);
        created.push({ label, beds: opening.begin, nights });
      } catch (error) {
        const { code, message } = refusalOfRow(error);
        quarantine(row, null, `${label} is refused: ${code}, ${message}`);
      }
      count++;
    }
    for (const { standing, changes } of plan.set) {
      showProgress(count, total);
      const nights = await setAll(standing, changes);
      if (nights.length > 0) set.push({ label: standing.label, nights });
      count++;
    }
  } catch (error) {
    if (!(error instanceof CallFailed) || count === 0) throw error;
    const rest = `${count} of ${total} shelters were done; the same command again does the rest.`;
    throw new Stop(`${adviceOn(error)}\n${rest}`, { cause: error });
  } finally {
    showProgress(total, total);
  }
  return { created, set, quarantined };
}

/** What is of no row, and would be refused of every other row as well. */
const OF_EVERY_ROW = ["", "country", "locality"];

function refusalOfRow(error: unknown): CallFailed {
  const refused = refusal(error);
  const paths = refused.issues.map(({ path }) => path.join("."));
  if (refused.code === "BAD_USER_INPUT" && paths.every((path) => OF_EVERY_ROW.includes(path)))
    throw new Stop(`The server refuses the input: ${printable(refused.message)}`, { cause: error });
  return refused;
}
