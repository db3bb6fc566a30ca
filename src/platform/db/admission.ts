import { Unauthenticated } from "../../kernel/errors.ts";
import { isScope, type Scope } from "../../kernel/scopes.ts";
import type { Rows, Statement } from "./pipeline.ts";

/** Who calls, as its token says. The database decides at each statement what of it still holds. */
export interface Identity {
  readonly organisationId: string;
  /** The token's `client_id` (RFC 9068). */
  readonly clientName: string;
  /** Thumbprint of the registered key that signed; null if a JWKS URI vouches for the key. */
  readonly kid: string | null;
  /** Thumbprint of the key that the token is bound to and that the call has proved to hold, or null. */
  readonly jkt: string | null;
  readonly jti: string;
  readonly scopes: readonly Scope[];
}

/** Of a token that the verifier still remembers. */
const entries = new WeakMap<Identity, Statement>();

/** Reads the status of whoever calls, and opens what follows to its eyes until the transaction ends. */
export function enterAs(identity: Identity): Statement {
  let entry = entries.get(identity);
  if (!entry) {
    const { organisationId, clientName, kid, jti, scopes, jkt } = identity;
    entry = {
      text: "select client_id, scopes, pg_current_snapshot()::text as snapshot from admit($1, $2, $3, $4, $5, $6)",
      // An array's own spelling: no scope has a comma or a quotation mark.
      values: [organisationId, clientName, kid, jti, `{${scopes.join()}}`, jkt !== null],
    };
    entries.set(identity, entry);
  }
  return entry;
}

export interface Entered {
  /** Null: nobody. */
  readonly client_id: string | null;
  readonly scopes: string;
  readonly snapshot: string;
}
export interface Admission {
  readonly clientId: string;
  readonly scopes: ReadonlySet<Scope>;
  /** The scopes as the database spells them. */
  readonly spelled: string;
  readonly snapshot: string;
}

/** @throws Unauthenticated */
export function admitted(entered: Rows | undefined): Admission {
  const row = entered?.rows[0] as Entered | undefined;
  if (!row || row.client_id === null) throw new Unauthenticated();
  const { client_id: clientId, scopes: spelled, snapshot } = row;
  const scopes = new Set(spelled.split(" ").filter(isScope));
  return { clientId, scopes, spelled, snapshot };
}
