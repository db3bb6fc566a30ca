import type { Transaction } from "kysely";
import { BadUserInput, type Issue, NotFound, refuse } from "../../kernel/errors.ts";
import { parsePublicJwk, type PublicJwk, thumbprint } from "../../kernel/jwk.ts";
import type { DB } from "../../platform/db/schema.ts";
import type { Session } from "../../platform/db/session.ts";
import type { Change, Keyed } from "../../platform/db/writes.ts";
import {
  hashKeyLogEntry,
  inspect,
  type KeyStatement,
  NO_HASH,
  SealingError,
  verifyKeyStatement,
} from "../../sealing/index.ts";
import {
  countActiveKeys,
  findOwnKey,
  findSealedTo,
  hasOtherSigningKey,
  insertEntry,
  isActiveSealingKey,
  type KeyRow,
  lockKeyLog,
  retireOwnKey,
  saveKey,
} from "./keys.queries.ts";
import { faultsOfKey, faultsOfUse } from "./organisations.rules.ts";

type LockedLog = Awaited<ReturnType<typeof lockKeyLog>>;

export interface PublishKey extends Keyed {
  readonly jwk: PublicJwk;
  readonly use: "SIGN" | "SEAL";
  /** JWS by the identity key; see sealing/keys.ts. */
  readonly statement: string;
}

/** Once for good: a retired key never comes back. @throws BadUserInput */
export function publishKey(session: Session, input: PublishKey): Promise<KeyRow> {
  const { use, statement } = input;
  const parsed = parsePublicJwk(input.jwk, use);
  if (!parsed.ok) throw new BadUserInput([{ path: ["jwk"], message: parsed.message }]);
  const kid = thumbprint(parsed.jwk);
  const operation = { name: "publishKey", scope: "keys:manage", budget: "keys" } as const;
  return writeKey(session, operation, input, kid, async (tx, log) => {
    const known = await findOwnKey(tx, kid);
    if (known && (known.statement !== null || known.retired_at !== null || known.use !== use)) {
      throw new BadUserInput([{ path: ["jwk"], message: "was published before" }]);
    }
    refuse(faultsOfUse(log.identity_thumbprint, [kid], ["jwk"]));
    if (!known) refuse(faultsOfKey(await countActiveKeys(tx, use)));
    await append(tx, log, session.organisationId, statement, { change: "PUBLISHED", use, kid });
    await saveKey(tx, {
      organisationId: session.organisationId,
      kid,
      use,
      jwk: parsed.jwk,
      statement,
    });
    return [];
  });
}

export interface RetireKey extends Keyed {
  readonly kid: string;
  readonly statement: string;
}

/**
 * From the commit on nothing is sealed to it and no token it signed opens anything; whoever has sealed to it what still
 * lies there is told. @throws NotFound, BadUserInput
 */
export function retireKey(session: Session, input: RetireKey): Promise<KeyRow> {
  const { kid, statement } = input;
  const operation = { name: "retireKey", scope: "keys:manage" } as const;
  return writeKey(session, operation, input, kid, async (tx, log) => {
    const key = await findOwnKey(tx, kid);
    if (!key) throw new NotFound();
    if (key.retired_at !== null) {
      throw new BadUserInput([{ path: ["kid"], message: "is retired already" }]);
    }
    if (key.use === "SIGN" && !(await hasOtherSigningKey(tx, kid))) {
      const message = "is the last signing key: publish another one first";
      throw new BadUserInput([{ path: ["kid"], message }]);
    }
    const use = key.use as "SIGN" | "SEAL";
    await append(tx, log, session.organisationId, statement, { change: "RETIRED", use, kid });
    await retireOwnKey(tx, session.organisationId, kid, statement);
    if (use === "SIGN") return [];
    const party = session.organisationId;
    return (await findSealedTo(tx, kid)).map(({ type, id, by: owner }) => {
      const event = type === "Handoff" ? "HANDOFF_CHANGED" : "BED_HOLD_CHANGED";
      return { event, type, id, owner, party };
    });
  });
}

/**
 * Under the lock of the log, so that nothing looked at changes; `work` says what else it has changed. The row as its own transaction sees it: whoever
 * retires the key of its token sees nothing afterwards.
 */
async function writeKey(
  session: Session,
  operation: Parameters<Session["write"]>[0],
  input: Keyed,
  kid: string,
  work: (tx: Transaction<DB>, log: LockedLog) => Promise<readonly Change[]>,
): Promise<KeyRow> {
  const id = session.organisationId;
  let row: KeyRow | null = null;
  await session.write(operation, input, async (tx) => {
    const others = await work(tx, await lockKeyLog(tx, id));
    row = await findOwnKey(tx, kid);
    const change = { event: "KEY_CHANGED", type: "Organisation", id, owner: id };
    return { result: { kid }, changes: [change, ...others] };
  });
  row ??= await findOwnKey(session.read, kid);
  if (!row) throw new NotFound();
  return row;
}

/** Of what can be sealed again. */
export interface Sealing extends Keyed {
  readonly id: string;
  readonly envelope: string;
  /** What is to lie there, null for nothing; whatever lies there where the caller does not say. */
  readonly replaces: { readonly digest: string | null } | undefined;
}

/** What of an envelope can be checked blind, before any transaction. @throws BadUserInput */
export async function inspectEnvelope(
  envelope: string,
  path: Issue["path"] = ["envelope"],
): Promise<string> {
  const seen = await inspect(envelope);
  if (seen.ok) return seen.kid;
  const message = `${seen.reason}: ${seen.message}`;
  throw new BadUserInput([{ path, message }]);
}

/** @throws BadUserInput unless it is sealed to an active key of this very organisation */
export async function refuseStrayEnvelope(
  tx: Transaction<DB>,
  kid: string,
  recipient: string,
): Promise<void> {
  if (await isActiveSealingKey(tx, recipient, kid)) return;
  const message =
    "KEY_NOT_ACTIVE: is not sealed to an active sealing key of its recipient: seal it anew to the newest in its key log";
  throw new BadUserInput([{ path: ["envelope"], message }]);
}

/** @throws BadUserInput unless the statement says exactly this, for exactly this place of the log */
async function append(
  tx: Transaction<DB>,
  { identity_jwk, identity_thumbprint, last }: LockedLog,
  organisationId: string,
  statement: string,
  expected: Pick<KeyStatement, "change" | "use" | "kid">,
): Promise<void> {
  const said = await saidIn(statement, identity_jwk);
  const { change, use, kid } = expected;
  const sequence = (last?.sequence ?? 0) + 1;
  const previousHash = last?.hash ?? NO_HASH;
  if (said.change !== change || said.use !== use || said.kid !== kid) {
    refuseStatement(`must say that ${kid} is ${change}, to ${use}`);
  }
  if (said.sequence !== sequence || said.previousHash !== previousHash) {
    refuseStatement(`must be for entry ${sequence} of the log, after ${previousHash}`);
  }
  const entry = { sequence, kid, change, statement, previousHash };
  const hash = await hashKeyLogEntry(identity_thumbprint, entry);
  await insertEntry(tx, { ...entry, organisationId, hash });
}

async function saidIn(statement: string, identityKey: PublicJwk): Promise<KeyStatement> {
  try {
    return await verifyKeyStatement(statement, identityKey);
  } catch (error) {
    if (!(error instanceof SealingError)) throw error;
    return refuseStatement(`${error.reason}: ${error.message}`);
  }
}

function refuseStatement(message: string): never {
  throw new BadUserInput([{ path: ["statement"], message }]);
}
