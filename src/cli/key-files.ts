import { readFileSync } from "node:fs";
import { text } from "node:stream/consumers";
import { parseArgs, type ParseArgsConfig } from "node:util";
import type { JWK } from "jose";
import { Stop } from "./command.ts";

/** Options by name, all of them strings, some of them required. @throws Stop with the usage */
export function optionsOf<const Names extends string>(
  args: readonly string[],
  usage: string,
  required: readonly Names[],
  optional: readonly string[] = [],
): { values: Record<Names, string> & Record<string, string | undefined>; files: string[] } {
  const options: ParseArgsConfig["options"] = Object.fromEntries(
    [...required, ...optional].map((name) => [name, { type: "string" }]),
  );
  try {
    const { values, positionals } = parseArgs({ args: [...args], options, allowPositionals: true });
    const missing = required.find((name) => values[name] === undefined);
    if (missing) throw new Stop(`--${missing} is missing.\n\n${usage}`);
    return { values: values as Record<Names, string>, files: positionals };
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new Stop(`${error.message}\n\n${usage}`, { cause: error });
  }
}

/** A JSON Web Key (RFC 7517) as it stands in a file. */
export function readKey(path: string, half: "private" | "public"): JWK {
  let key: unknown;
  try {
    key = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "no JSON";
    throw new Stop(`${path} cannot be read as a key (${code}).`, { cause: error });
  }
  const { kty, d } = (key ?? {}) as JWK;
  if (typeof kty !== "string" || (half === "private") !== (typeof d === "string")) {
    throw new Stop(`${path} must hold the ${half} half of a JSON Web Key.`);
  }
  return key as JWK;
}

/** `-` or nothing: standard input. */
export async function readInput(path: string | undefined): Promise<string> {
  if (path === undefined || path === "-") return text(process.stdin);
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "unknown error";
    throw new Stop(`${path} cannot be read (${code}).`, { cause: error });
  }
}
