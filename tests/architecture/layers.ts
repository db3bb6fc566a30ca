import { isBuiltin } from "node:module";
import { posix } from "node:path";
import { COMPUTED, type Import, type SourceFile, strip } from "./imports.ts";

type Layer = "kernel" | "sealing" | "client" | "platform" | "modules" | "top" | "cli" | "examples";
const MAY_IMPORT: Record<Layer, readonly Layer[]> = {
  kernel: ["kernel"],
  sealing: ["sealing", "kernel"],
  client: ["client", "sealing", "kernel"],
  platform: ["platform", "sealing", "kernel"],
  modules: ["modules", "platform", "sealing", "kernel"],
  top: ["top", "modules", "platform", "sealing", "kernel"],
  cli: ["cli", "client", "top", "modules", "platform", "sealing", "kernel"],
  examples: ["examples"],
};

const RUNS_IN_BROWSERS: readonly string[] = ["sealing", "client"];

/** A module imports only modules of a lower rank. */
const RANK: Readonly<Record<string, number>> = {
  events: 0,
  organisations: 1,
  audit: 2, // platform/db writes it: no module calls it, and it shows organisations
  sharing: 2,
  capacity: 3,
  consulates: 3,
  advisories: 2,
  handoffs: 4,
};

/** What a file of a role may import of its own module. */
const LADDER: Readonly<Record<string, readonly string[]>> = {
  graphql: ["graphql", "actions", "queries", "rules", "errors"],
  actions: ["actions", "rules", "queries", "errors"],
  queries: ["queries", "rules", "errors"],
  rules: ["rules", "errors"],
  errors: ["errors", "rules"],
  index: ["graphql", "actions", "queries", "rules", "errors"],
};

/** Written by a tool: its length is nobody's choice. */
const GENERATED = ["src/platform/db/schema.ts", "src/client/operations.ts"];
const MOST_LINES = 300;

interface Place {
  readonly layer: Layer | undefined;
  readonly module: string | undefined;
  readonly role: string | undefined;
}
interface Target extends Import, Place {
  /** From the root of the repository; of a package, its specifier. */
  readonly path: string;
  readonly isPackage: boolean;
}

const TOP = /^src\/(?:main|app|schema)\.ts$/;
// Of an example partners copy all but its demo.ts.
const FOLDER =
  /^(?:src\/(kernel|sealing|client|platform|modules|cli)|(examples)(?!.*\/demo\.ts$))\//;
const ROLE = /^(?:[a-z][A-Za-z0-9-]*\.(graphql|actions|rules|queries)|(errors|index))\.ts$/;
function placeOf(path: string): Place {
  const folder = FOLDER.exec(path);
  const layer = TOP.test(path) ? "top" : ((folder?.[1] ?? folder?.[2]) as Layer | undefined);
  if (layer !== "modules") return { layer, module: undefined, role: undefined };
  const [, , module, ...rest] = path.split("/");
  const role = ROLE.exec(rest.join("/"));
  return { layer, module, role: role?.[1] ?? role?.[2] };
}
function targetOf(from: string, written: Import): Target {
  if (!written.specifier.startsWith("."))
    return { ...written, ...placeOf(""), path: written.specifier, isPackage: true };
  const path = posix.join(posix.dirname(from), written.specifier);
  return { ...written, ...placeOf(path), path, isPackage: false };
}

const isOf = (target: Target, ...names: string[]) =>
  target.isPackage && names.some((n) => target.path === n || target.path.startsWith(`${n}/`));
const isGraphPlatform = (target: Target) => target.path.startsWith("src/platform/graphql/");

/** Each answers what to do instead, or nothing if the import is allowed. */
const IMPORT_RULES: readonly ((target: Target, from: Place) => string | false | undefined)[] = [
  ({ specifier }) =>
    specifier === COMPUTED &&
    "computes an import. Write the path as a literal, once per choice, so that the layers stay checkable.",
  ({ layer, path }, from) =>
    from.layer &&
    ((layer && !MAY_IMPORT[from.layer].includes(layer)) || path.startsWith("tests/")) &&
    `is ${from.layer === "top" ? "top-level" : from.layer}, which may not know it. Imports point main, app, schema → modules → platform → kernel: pass what you need in as an argument, or move what both need down.`,
  ({ module, role }, from) =>
    module &&
    (from.layer === "cli" || from.module) &&
    module !== from.module &&
    role !== "index" &&
    `reaches into ${module}. Import src/modules/${module}/index.ts, and export there what others may use.`,
  ({ module }, from) =>
    module &&
    from.module &&
    module !== from.module &&
    (RANK[module] ?? Infinity) >= (RANK[from.module] ?? -1) &&
    `is ${from.module}, which may not know ${module}. The order is events; organisations; audit, sharing, advisories; capacity, consulates; handoffs: let the higher one call, or hand the facts over as arguments.`,
  ({ module, role }, from) =>
    module &&
    module === from.module &&
    from.role &&
    role &&
    !LADDER[from.role]?.includes(role) &&
    `is ${from.role}, which may not know its module's ${role}. Inside a module: graphql → actions → queries and rules → errors; index.ts is only for others.`,
  (target, from) =>
    (from.role === "rules" || (from.role === "errors" && !target.typeOnly)) &&
    (target.isPackage || !(target.layer === "kernel" || target.module === from.module)) &&
    `is ${from.role}, which import only kernel and their module's rules and errors. Load in *.queries.ts and pass the facts in.`,
  (target, from) =>
    from.role === "graphql" &&
    !target.typeOnly &&
    (target.layer === "sealing" || (target.layer === "platform" && !isGraphPlatform(target))) &&
    "is graphql, which knows only platform/graphql. Call one of your own actions or queries; `import type` is allowed.",
  (target, from) =>
    from.role === "graphql" &&
    target.role === "rules" &&
    target.values.some((name) => !/^[A-Z][A-Z0-9_]*$/.test(name)) &&
    "is graphql, which decides nothing: of rules it takes types and UPPER_CASE constants. Decide in an action.",
  (target, from) =>
    from.module &&
    !target.typeOnly &&
    (isOf(target, "pg") || (isOf(target, "kysely") && from.role !== "queries")) &&
    "reaches the database outside *.queries.ts. Write one named Kysely query there; elsewhere `import type { Transaction }`.",
  (target, from) =>
    (from.role === "actions" || from.role === "queries") &&
    (isOf(target, "graphql", "graphql-yoga", "@pothos") ||
      (isGraphPlatform(target) && !target.typeOnly)) &&
    `is ${from.role}, which know no GraphQL. Take plain values, return rows, throw the module's errors.`,
  (target, from) =>
    RUNS_IN_BROWSERS.includes(from.layer ?? "") &&
    target.isPackage &&
    isBuiltin(target.path) &&
    `is ${from.layer}, which also runs in browsers. Use Web Crypto and Uint8Array.`,
];

const ENVIRONMENT =
  /(?<![.\w$])process\s*(?:\?\.\s*)?(?:\.\s*env\b|env\b|\[)|=\s*process\b(?!\s*[.?[(])|import\.meta\.env/;
const IMPURE =
  /Date\s*\.\s*now|new\s+Date\b(?!\s*\(\s*[^)\s])|(?<!new\s+)(?<![.\w$])Date\s*\(|Math\s*\.\s*random|randomUUID|getRandomValues|(?<![.\w$])(?:process\b(?!\s*:)|performance\s*\.|globalThis\b|fetch\s*\()/;
const BANNED = /^(?:util|helper|manager|service)s?$|^(?:common|misc)$/i;

type FileRule = (file: SourceFile, at: Place, code: string) => string | false | undefined;
const FILE_RULES: readonly FileRule[] = [
  ({ path }, { layer }) =>
    path.startsWith("src/") &&
    !layer &&
    "has no place. src holds main.ts, app.ts, schema.ts, kernel, platform, sealing, client, modules and cli.",
  ({ path }, { module }) =>
    module &&
    RANK[module] === undefined &&
    `is in ${path.split("/", 3).join("/")}, which has no rank. A module is a noun of the network: agree on its place in RANK first.`,
  (_, { module, role }) =>
    module &&
    !role &&
    "has no role. A module holds <noun>.graphql.ts, .actions.ts, .rules.ts, .queries.ts, errors.ts and index.ts, without folders.",
  ({ path }) => {
    const parts = path.split("/").flatMap((s) => s.replace(/\..*$/, "").split(/[-_]|(?=[A-Z])/));
    const banned = path.startsWith("src/") && parts.find((part) => BANNED.test(part));
    return banned && `is named "${banned}", which says nothing. Name it for its noun and layer.`;
  },
  ({ path, text }) => {
    const lines = text.replace(/\n$/, "").split("\n").length;
    return (
      lines > MOST_LINES &&
      !GENERATED.includes(path) &&
      `has ${lines} lines. Split it by noun before it passes ${MOST_LINES}.`
    );
  },
  ({ path, imports }, { layer }, code) =>
    layer &&
    !path.startsWith("src/platform/config/") &&
    (ENVIRONMENT.test(code) || imports.some((i) => /^(?:node:)?process$/.test(i.specifier))) &&
    "reads the environment. Add the setting to src/platform/config and take it as an argument; for argv and signals use the global process.",
  (_, { role }, code) => {
    const impure = role === "rules" && IMPURE.exec(code)?.[0];
    return impure && `says \`${impure}\` in rules. Take the moment or the id as an argument.`;
  },
  (_, { layer }, code) =>
    RUNS_IN_BROWSERS.includes(layer ?? "") &&
    /(?<![.\w$])(?:Buffer|process)\b/.test(code) &&
    `uses a global of Node in ${layer}, which also runs in browsers. Use Uint8Array and Web Crypto.`,
];

/** Every broken rule as one sentence: the offender, what it did, and what to do instead. */
export function layerViolations(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => {
    const at = placeOf(file.path);
    const { code } = strip(file.text);
    const ofFile = FILE_RULES.map((rule) => rule(file, at, code)).filter(
      (m) => typeof m === "string",
    );
    const ofImports = file.imports.flatMap((written) => {
      const target = targetOf(file.path, written);
      return IMPORT_RULES.map((rule) => rule(target, at))
        .filter((m) => typeof m === "string" && m !== "")
        .map((message) => `imports "${written.specifier}" but ${message}`);
    });
    return [...ofFile, ...ofImports].map((message) => `${file.path} ${message}`);
  });
}

/** All that is loaded with a file, at once or later, packages too. */
export function reachOf(files: readonly SourceFile[], path: string): ReadonlySet<string> {
  const known = new Map(files.map((file) => [file.path, file]));
  const reached = new Set<string>();
  function follow(from: string): void {
    for (const written of known.get(from)?.imports ?? []) {
      const { path: next } = targetOf(from, written);
      if (written.typeOnly || reached.has(next)) continue;
      reached.add(next);
      follow(next);
    }
  }
  follow(path);
  return reached;
}

/** Files that import each other, each circle once, as the path that leads back to its beginning. */
export function circlesOf(files: readonly SourceFile[]): string[] {
  const known = new Map(files.map((file) => [file.path, file]));
  const done = new Set<string>();
  const circles: string[] = [];
  function follow(path: string, way: readonly string[]): void {
    const begun = way.indexOf(path);
    if (begun >= 0) return void circles.push([...way.slice(begun), path].join(" → "));
    if (done.has(path)) return;
    for (const written of known.get(path)!.imports) {
      const target = targetOf(path, written);
      if (!target.isPackage && known.has(target.path)) follow(target.path, [...way, path]);
    }
    done.add(path);
  }
  for (const { path } of files) follow(path, []);
  return circles;
}
