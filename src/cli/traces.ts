import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The spellings in which a text might lie somewhere: what a search that finds nothing has looked for. */
export function spellingsOf(text: string): ReadonlyMap<string, Buffer> {
  const utf8 = Buffer.from(text, "utf8");
  const spellings = new Map<string, Buffer>([
    ["UTF-8", utf8],
    ["UTF-16", Buffer.from(text, "utf16le")],
    ["hex", Buffer.from(utf8.toString("hex"))],
    ["hex, upper case", Buffer.from(utf8.toString("hex").toUpperCase())],
  ]);
  // Base64 depends on where in a group of three bytes a text begins; its ends are its neighbours'.
  for (const offset of [0, 1, 2]) {
    const padded = Buffer.concat([Buffer.alloc(offset), utf8]).toString("base64");
    const whole = padded.slice(offset === 0 ? 0 : 4, padded.length - 4);
    spellings.set(`base64 at ${offset}`, Buffer.from(whole));
    spellings.set(
      `base64url at ${offset}`,
      Buffer.from(whole.replaceAll("+", "-").replaceAll("/", "_")),
    );
  }
  return spellings;
}

/** Where below a folder, and how spelled, a text lies: one line a find. */
export function findTraces(folder: string, text: string): string[] {
  const spellings = spellingsOf(text);
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .flatMap((entry) => {
      const path = join(entry.parentPath, entry.name);
      const bytes = readFileSync(path);
      return [...spellings]
        .filter(([, spelling]) => bytes.includes(spelling))
        .map(([name]) => `${path} (${name})`);
    });
}
