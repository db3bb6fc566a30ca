import { faultOf } from "../telemetry/log.ts";
import {
  BadUserInput,
  NotFound,
  RateLimited,
  Unavailable,
  WayhouseError,
} from "../../kernel/errors.ts";

/**
 * What a caller hears when a constraint stops it: the only place where their names meet codes.
 * A duplicate is told for what the caller's own organisation names; whatever else would tell of
 * somebody else's rows, and leaves as NOT_FOUND or as INTERNAL.
 */
const CONSTRAINTS: Readonly<Record<string, () => WayhouseError>> = {
  a_handle_names_one_organisation: () => taken("handle"),
  an_identity_key_vouches_for_one_organisation: () => taken("identityKey"),
  an_issuer_speaks_for_one_organisation: () => taken("issuer"),
  a_client_id_names_one_client_of_its_organisation: () => taken("clientId"),
  a_label_names_one_shelter_of_its_owner: () => taken("label"),
  beds_promised_never_exceed_beds: () =>
    new BadUserInput([
      {
        path: ["maximum"],
        message:
          "must not fall below what is held, occupied or out of service: decline what is held, and ask its holders to release what is occupied",
      },
    ]),
  // By the database's clock, which is later than that of the process when the call was looked at.
  a_grant_ends_after_it_begins: () => over("validUntil"),
  an_advisory_always_expires: () => over("expiresAt"),
};

function over(field: string): WayhouseError {
  return new BadUserInput([{ path: [field], message: "must be in the future" }]);
}

function taken(field: string): WayhouseError {
  return new BadUserInput([{ path: [field], message: "is taken" }]);
}

interface ServerError extends Error {
  readonly code: string;
  readonly constraint?: string;
  readonly detail?: string;
  readonly severity: string;
}

/** True if the server itself refused the statement; otherwise the connection is of unknown state. */
export function isServerError(error: unknown): error is ServerError {
  return error instanceof Error && "severity" in error && "code" in error;
}

/** A deadlock or a serialisation failure: the same again may succeed. */
export function isRetryable(error: unknown): boolean {
  return isServerError(error) && (error.code === "40P01" || error.code === "40001");
}

/** Turns whatever the database said into an error that may leave, keeping the original as its cause. */
export function translate(error: unknown): unknown {
  if (error instanceof WayhouseError) return error;
  if (!isServerError(error)) {
    return isConnectionError(error) ? new Unavailable({ cause: error }) : error;
  }
  // A NUL character: JSON has it, PostgreSQL's text does not.
  if (error.code === "22021" || error.code === "22P05") {
    return new BadUserInput([{ path: [], message: "must not contain U+0000" }]);
  }
  if (error.code === "WH001") return new RateLimited(Number(error.detail));
  if (error.code === "42501") return new NotFound();
  if (error.code === "23503") return new NotFound();
  if (error.code.startsWith("23")) return CONSTRAINTS[error.constraint ?? ""]?.() ?? error;
  // 08 connection, 53 resources, 57 shutdown and time-outs, 55P03 lock time-out, 40 rolled back,
  // 0A000 and 26000 a plan that a migration outdated, 25006 a standby
  if (/^(08|53|57|40)|^(55P03|0A000|26000|25006|25P03)$/.test(error.code)) {
    return new Unavailable({ cause: error });
  }
  return error;
}

/** What a function of ours raised under this code, as facts for whoever called it; null for any other error. */
export function raisedBy(error: unknown, code: "WH002" | "WH003"): object | null {
  if (!isServerError(error) || error.code !== code) return null;
  return JSON.parse(error.detail ?? "{}") as object;
}

/** What to do where no session with the database came about; null of any other error. */
export function unreachable(error: unknown): string | null {
  const { code } = faultOf(error);
  const isKnown =
    error instanceof Unavailable ||
    isConnectionError(error) ||
    /^(E(?!RR_)[A-Z_]+|ERR_(TLS|SSL)_[A-Z_]+|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_[A-Z_]+|CERT_[A-Z_]+|08...|28...|53...|3D000|57P..)$/.test(
      code === undefined ? "" : String(code),
    ) ||
    (error instanceof Error && /^SASL: |does not support SSL/.test(error.message));
  if (!isKnown) return null;
  const why = code ?? "no password, no TLS, or no answer";
  return `The database cannot be reached (${why}): DATABASE_URL and DATABASE_OWNER_URL say where and as whom.`;
}

function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = (error as { code?: unknown }).code;
  return (
    (typeof code === "string" && /^(ECONN|EPIPE|ETIMEDOUT|ENOTFOUND|EHOST|ENET)/.test(code)) ||
    /Connection terminated|timeout exceeded when trying to connect|Query read timeout|not queryable|connection error|Cannot use a pool after/i.test(
      error.message,
    )
  );
}
