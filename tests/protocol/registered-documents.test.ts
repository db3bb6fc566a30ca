import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { BadUserInput } from "../../src/kernel/errors.ts";
import {
  documentOf,
  hashOf,
  readRegistry,
  RegistryError,
} from "../../src/platform/http/documents.ts";

const KNOWN = "{ viewer { scopes } }";
const OTHER = "{ __typename }";
const registry = new Map([[hashOf(KNOWN), KNOWN]]);

/** Null where it is refused. */
function parsedOf(...named: Parameters<typeof documentOf>): string | null {
  try {
    return documentOf(...named);
  } catch (error) {
    if (error instanceof BadUserInput) return null;
    throw error;
  }
}

describe("what is parsed", () => {
  it.each<[string, string | null, string | null, Map<string, string> | null, string | null]>([
    ["any document, without a registry", OTHER, null, null, OTHER],
    ["any document under its own hash", OTHER, hashOf(OTHER), null, OTHER],
    ["none under another's", OTHER, hashOf(KNOWN), null, null],
    ["none by its hash alone, without a registry", null, hashOf(KNOWN), null, null],
    ["a registered one by its text", KNOWN, null, registry, KNOWN],
    ["a registered one by its hash", null, hashOf(KNOWN), registry, KNOWN],
    ["a registered one by both", KNOWN, hashOf(KNOWN), registry, KNOWN],
    ["none that is not registered", OTHER, null, registry, null],
    ["none by a hash that is not", null, hashOf(OTHER), registry, null],
    ["none under a registered one's hash", OTHER, hashOf(KNOWN), registry, null],
    ["none of another spelling", `${KNOWN} `, null, registry, null],
    ["none where nothing is named", null, null, registry, null],
  ])("is %s", (_, query, hash, known, parsed) => {
    expect(parsedOf({ query, hash }, known)).toBe(parsed);
  });
});

it("a document is named by its SHA-256 (FIPS 180-4), as other programs find it", () => {
  expect(hashOf("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
});

describe("a folder of documents", () => {
  const folder = mkdtempSync(join(tmpdir(), "wayhouse-registry-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const put = (name: string, text: string) => writeFileSync(join(folder, name), text);

  it("is read to the byte, each under its hash, and what else lies there is left alone", () => {
    const bytes = `# é\r\n${OTHER}\n`;
    put(`${hashOf(bytes)}.graphql`, bytes);
    put("README.md", "what these are");
    expect([...readRegistry(folder)]).toEqual([[hashOf(bytes), bytes]]);
  });

  it.each<[string, () => void, string]>([
    [
      "of which one is not what its name says",
      () => put(`${hashOf(OTHER)}.graphql`, KNOWN),
      "is not the document of its name",
    ],
    [
      "of which one cannot be read",
      () => {
        rmSync(join(folder, `${hashOf(OTHER)}.graphql`));
        mkdirSync(join(folder, `${hashOf(OTHER)}.graphql`));
      },
      "cannot be read",
    ],
    ["that is not there", () => rmSync(folder, { recursive: true }), "cannot be read (ENOENT)"],
  ])("%s is not served", (_, spoil, told) => {
    spoil();
    expect(() => readRegistry(folder)).toThrow(RegistryError);
    expect(() => readRegistry(folder)).toThrow(told);
    mkdirSync(folder, { recursive: true });
  });
});
