import { existsSync, readFileSync, readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { strip } from "./imports.ts";

interface File {
  readonly path: string;
  readonly text: string;
}

/** What a file exports at run time by a lower-case name; "*" for what cannot be told from its text. */
function exportedActions({ text }: File): string[] {
  const { code } = strip(text);
  const declared = code.matchAll(
    /(?<![.\w$])export\s+(?:async\s+)?(?:function\s*\*?|const|let)\s+([a-z]\w*)/g,
  );
  const listed = [...code.matchAll(/(?<![.\w$])export\s*\{([^}]*)\}/g)]
    .flatMap(([, names = ""]) => names.split(","))
    .filter((name) => !/^\s*type\s/.test(name))
    .map((name) => name.trim().split(/\s+/).at(-1) ?? "")
    .filter((name) => /^[a-z]/.test(name));
  const untold = /(?<![.\w$])export\s+(?:\*|default\b)/.test(code) ? ["*"] : [];
  return [...[...declared].map(([, name = ""]) => name), ...listed, ...untold];
}

/** The actions that no test of access tries as the wrong organisation, each with what to do. */
function untriedActions(actions: readonly File[], tests: readonly File[]): string[] {
  const tried = tests
    .map(({ text }) => strip(text).words)
    .filter((words) => words.includes("wrong organisation"));
  return actions.flatMap((file) =>
    exportedActions(file)
      .filter((name) => !tried.some((words) => says(words, name)))
      .map((name) => `${file.path} exports ${name}: ${name === "*" ? UNTOLD : UNTRIED}`),
  );
}
const says = (words: string, name: string) =>
  name !== "*" && new RegExp(`(?<![\\w$])${name}(?![\\w$])`).test(words);
const UNTOLD = "export actions by their names, one by one.";
const UNTRIED =
  "write a test in tests/access/ that calls it by name and whose title says what the wrong organisation gets.";

function read(folder: string, suffix: string): File[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(suffix))
    .map((name) => `${folder}/${name}`)
    .map((path) => ({ path, text: readFileSync(path, "utf8") }));
}

it("every action is tried by the wrong organisation", () => {
  const actions = read("src/modules", ".actions.ts");
  const exported = actions.flatMap(exportedActions);
  expect(exported.length).toBeGreaterThan(existsSync("src/modules/handoffs/index.ts") ? 20 : -1);
  for (const file of actions) expect(exportedActions(file), file.path).not.toEqual([]);
  expect(untriedActions(actions, read("tests/access", ".test.ts"))).toEqual([]);
});

const action = (text: string) => [{ path: "src/modules/capacity/hold.actions.ts", text }];
const test = (text: string) => [{ path: "tests/access/holds.test.ts", text }];
const placeHold = action("export async function placeHold(tx: Transaction) {}");

it.each([
  "export async function placeHold() {}",
  "export function placeHold() {}",
  "export const placeHold = async () => {};",
  "export const placeHold = defineAction({});",
  "async function place() {} export { place as placeHold };",
])("finds the action in: %s", (text) => {
  expect(exportedActions(action(text)[0]!)).toEqual(["placeHold"]);
});

it("takes no type, constant or comment for an action", () => {
  const text = `// export function a() {}
    export type B = 1; export interface C {} export const D_E = 1; export type { F } from "./f.ts";
    function g() {} export { type H };`;
  expect(exportedActions(action(text)[0]!)).toEqual([]);
});

it.each([
  ["no test at all", placeHold, []],
  ["a test that does not name it", placeHold, test(`it("the wrong organisation", placeHolds);`)],
  ["a test of something else", placeHold, test(`it("places a hold", placeHold);`)],
  ["a comment", placeHold, test(`it("the wrong organisation", () => {}); // placeHold`)],
  ["a title in a comment", placeHold, test(`// wrong organisation\nit("a", placeHold);`)],
  ["an export that hides its names", action(`export * from "./hold.ts";`), []],
])("planted: %s leaves an action untried", (_, actions, tests) => {
  expect(untriedActions(actions, tests)).toHaveLength(1);
});

it("is content with the name in the document or in the code of such a test", () => {
  const title = `it("the wrong organisation gets NOT_FOUND", `;
  expect(untriedActions(placeHold, test(`${title}call("mutation { placeHold }"));`))).toEqual([]);
  expect(untriedActions(placeHold, test(`${title}() => placeHold(tx));`))).toEqual([]);
});

/** What an action throws by its text, and the schema does not say of its mutation. */
function untoldRefusals(actions: readonly File[], schema: string): string[] {
  return actions
    .flatMap(({ text }) => text.split(/^(?:export )?(?:async )?function /m))
    .flatMap((one) => {
      const name = /name: "(\w+)"/.exec(one)?.[1];
      const told = new RegExp(`"""([^"]*)"""\\s+${name}\\(input`).exec(schema)?.[1] ?? "";
      const thrown = [
        ...(/budget: (?:\w+ \? )?"/.test(one) ? ["RATE_LIMITED"] : []),
        ...(/new LimitExceeded\(/.test(one) ? ["LIMIT_EXCEEDED"] : []),
      ];
      return name === undefined
        ? []
        : thrown.filter((code) => !told.includes(code)).map((code) => `${name}: ${code}`);
    });
}

it("the schema says of every action that it is counted or bounded", () => {
  const schema = readFileSync("schema/network.graphql", "utf8");
  const actions = read("src/modules", ".actions.ts");
  expect(untoldRefusals(actions, schema)).toEqual([]);
  const found = untoldRefusals(actions, schema.replaceAll(/RATE_LIMITED|LIMIT_EXCEEDED/g, ""));
  expect(found).toContain("setBeds: RATE_LIMITED");
  expect(found).toContain("setClientDpop: RATE_LIMITED");
  expect(found).toContain("createCircle: LIMIT_EXCEEDED");
  expect(found.length).toBeGreaterThan(12);
});

/** The scope by action: of a write, and of those that are one written down for each. */
function scopesWrittenUnder(actions: readonly File[]): Record<string, string> {
  const found = /(?:\bname: "(\w+)",\s+scope: |^\s+(\w+): )"(\w+:\w+)"/gm;
  return Object.fromEntries(
    actions.flatMap(({ text }) =>
      [...text.matchAll(found)].map(([, one, other, scope]) => [one ?? other!, scope!]),
    ),
  );
}

it("every action writes, and is entered in the chains, under the scope that its mutation asks for", () => {
  const schema = readFileSync("schema/network.graphql", "utf8");
  const asked = [
    ...schema.matchAll(/^ {2}(\w+)\(input: .*@requiresScopes\(scopes: \[\["(.+)"]]\)$/gm),
  ];
  const written = scopesWrittenUnder(read("src/modules", ".actions.ts"));
  expect(asked.length).toBeGreaterThan(40);
  expect(Object.fromEntries(asked.map(([, name, scope]) => [name, scope]))).toEqual(written);
});
