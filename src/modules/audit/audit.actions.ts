import type { NodeKey } from "../../platform/auth/node-key.ts";
import type { Session } from "../../platform/db/session.ts";
import { CHECKPOINT_TYPE, type Checkpoint } from "../../sealing/audit/index.ts";
import { NO_HASH } from "../../sealing/index.ts";
import { findLastEntry } from "./audit.queries.ts";

/** Where the caller's own chain ends at this moment, signed by this node. */
export async function signCheckpoint(
  session: Session,
  nodeKey: NodeKey,
  now: Date,
): Promise<Checkpoint> {
  const last = await findLastEntry(session.read, session.organisationId);
  const { sequence, hash } = last ?? { sequence: 0, hash: NO_HASH };
  const claims = { sub: session.organisationId, sequence, hash };
  const iat = Math.floor(now.getTime() / 1000);
  const signature = nodeKey.sign({ ...claims, iat }, CHECKPOINT_TYPE);
  return { sequence, hash, signature, nodeKey: nodeKey.publicJwk };
}
