import { readFileSync, statSync } from "node:fs";
import type { JWK } from "jose";

/** What cannot be read is not quoted, here or of bot.yaml: this ends in a log, and the file is a secret. */
export function readKey(path: string): JWK {
  const text = readFileSync(path, "utf8");
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${path} holds no JSON Web Key.`);
  }
}

/** One that nobody else on this machine can read. */
export function readOwnKey(path: string): JWK {
  if ((statSync(path).mode & 0o077) === 0) return readKey(path);
  throw new Error(
    `${path} can be read by others: chmod 600 ${path}, and replace the key if they may have.`,
  );
}
