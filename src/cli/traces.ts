import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { constants, gunzipSync } from "node:zlib";
import type pg from "pg";

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

/** Every row of every table as text: in the files a long value may lie compressed. */
export async function dumpTables(client: pg.ClientBase): Promise<string> {
  const { rows: tables } = await client.query<{ name: string }>(
    "select oid::regclass::text as name from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace",
  );
  const dumped: string[] = [];
  for (const { name } of tables) {
    const { rows } = await client.query<{ line: string }>(`select t::text as line from ${name} t`);
    dumped.push(...rows.map(({ line }) => `${name} ${line}`));
  }
  return dumped.join("\n");
}

/** Where below a folder, and how spelled, a text lies: one line a find. */
export function findTraces(folder: string, text: string): string[] {
  const spellings = spellingsOf(text);
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .flatMap((entry) => {
      const path = join(entry.parentPath, entry.name);
      const bytes = readFileSync(path);
      const plain = [...spellings].filter(([, spelling]) => bytes.includes(spelling));
      const zipped = unzippedIn(bytes).some((one) => one.includes(text));
      return [...plain.map(([name]) => name), ...(zipped ? ["gzip"] : [])].map(
        (name) => `${path} (${name})`,
      );
    });
}

const GZIP = Buffer.from([0x1f, 0x8b, 0x08]);

/** Whatever can be unzipped from where a gzip stream (RFC 1952) may begin. */
function unzippedIn(bytes: Buffer): Buffer[] {
  const found: Buffer[] = [];
  for (let at = bytes.indexOf(GZIP); at >= 0; at = bytes.indexOf(GZIP, at + 1)) {
    try {
      found.push(gunzipSync(bytes.subarray(at), { finishFlush: constants.Z_SYNC_FLUSH }));
    } catch {
      // Three bytes that look like the beginning of one.
    }
  }
  return found;
}
