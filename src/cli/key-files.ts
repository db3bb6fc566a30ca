import { buffer } from "node:stream/consumers";
import type { JWK } from "jose";
import { Stop } from "./command.ts";
import { isOwnersAlone } from "../platform/files.ts";
import { readBytes, readJson } from "./files.ts";

/** A JSON Web Key (RFC 7517) as it stands in a file, either half of it. @throws Stop */
export function readAnyKey(path: string): JWK {
  const key = readJson(path);
  if (typeof (key as JWK | null)?.kty === "string") return key as JWK;
  throw new Stop(`${path} must hold a JSON Web Key.`);
}

/** @throws Stop */
export function readKey(path: string, half: "private" | "public"): JWK {
  const key = readAnyKey(path);
  if ((half === "private") === (typeof key.d === "string")) return key;
  throw new Stop(`${path} must hold the ${half} half of a JSON Web Key.`);
}

/** A private key that nobody else on this machine can read. @throws Stop */
export function readOwnKey(path: string): JWK {
  const key = readKey(path, "private");
  if (isOwnersAlone(path)) return key;
  throw new Stop(
    `${path} can be read by others: chmod 600 ${path}, and replace the key if they may have.`,
  );
}

/** `-` or nothing: standard input. @throws Stop */
export async function readInput(path: string | undefined): Promise<Uint8Array> {
  return path === undefined || path === "-" ? buffer(process.stdin) : readBytes(path);
}
