import { createHash } from "node:crypto";
import { encodeBase64url } from "../kernel/base64url.ts";

/**
 * An idempotency key for one effect of an import: a run that was killed and is repeated has it once. What the
 * effect replaces is part of it: beds set from A to B and back to A are three effects.
 */
export const effectKey = (from: "hmis" | "hsds" | "missions", ...effect: readonly unknown[]) =>
  `${from}-${encodeBase64url(createHash("sha256").update(JSON.stringify(effect)).digest())}`;
