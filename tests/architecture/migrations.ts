/** A statement that processes of the version before may not survive, and what to write instead. */
interface Rule {
  readonly name: string;
  readonly pattern: RegExp;
  /** Harmless on what the same file creates: no process knows it yet. Group `table` of the pattern. */
  readonly sparesNew: boolean;
  readonly instead: string;
}

const NAME = String.raw`(?:if (?:not )?exists )?(?:only )?(?:public\.)?"?(?<table>\w+)"?`;
const alters = (what: string) => new RegExp(String.raw`^alter table ${NAME} (?:.*\W)?${what}`);

const RULES: readonly Rule[] = [
  {
    name: "drop",
    pattern:
      /^drop (?:table|view|materialized view|type|domain|sequence|schema|function|procedure)\b/,
    sparesNew: false,
    instead:
      "Leave it until no running version uses it, then drop it in a later release: tests/architecture/migrations.test.ts lists what waits for that.",
  },
  {
    name: "drop column",
    pattern: alters("drop (?:column )?(?!constraint|not null|default|identity|expression)"),
    sparesNew: true,
    instead: "Leave it until no running version reads it, then drop it in a later release.",
  },
  {
    name: "rename",
    pattern: /^alter (?:table|view|type|function|index|sequence)\b.*\brename\b/,
    sparesNew: false,
    instead: "Add the new one beside it, fill both, and drop the old one in a later release.",
  },
  {
    name: "alter type",
    pattern: alters(String.raw`alter (?:column )?\w+ (?:set data )?type\b`),
    sparesNew: true,
    instead: "Add a column of the new type beside it: this one rewrites the table under a lock.",
  },
  {
    name: "set not null",
    pattern: alters("set not null"),
    sparesNew: true,
    instead:
      "Old processes may still write nulls: add a check that is not valid, validate it later.",
  },
  {
    name: "not null without default",
    pattern: alters(String.raw`add (?:column )?(?!constraint)\w+ (?!.*\bdefault\b).*\bnot null`),
    sparesNew: true,
    instead: "Give it a default: old processes insert rows without it.",
  },
  {
    name: "drop default",
    pattern: alters("drop default"),
    sparesNew: true,
    instead: "Old processes insert rows without it: keep the default for a release.",
  },
  {
    name: "validated constraint",
    pattern: alters(
      "add (?:constraint|check|foreign key|unique|primary key|exclude)(?!.*not valid)",
    ),
    sparesNew: true,
    instead:
      "Add it `not valid`, and validate it in a later file: this scans the table under a lock.",
  },
  {
    name: "index",
    pattern: new RegExp(String.raw`^create (?:unique )?index .*?\bon ${NAME}`),
    sparesNew: true,
    instead: "Building it stops every write of the table: say how large that is.",
  },
  {
    name: "revoke",
    pattern: /^revoke .*\bfrom .*\bwayhouse_api\b/,
    sparesNew: false,
    instead: "Old processes use what they were granted: revoke it in a later release.",
  },
];

/** What a file says about itself: `-- runs beside old processes although <rule>: <reason>`. */
const DECLARED = /^-- runs beside old processes although ([a-z ]+): (.{20,})$/gm;

/** Every statement that breaks a rule undeclared, as one sentence. */
export function migrationHazards(path: string, sql: string): string[] {
  const declared = new Set([...sql.matchAll(DECLARED)].map(([, rule]) => rule!));
  const statements = statementsOf(sql);
  const made = new Set(
    statements.flatMap(
      (text) => new RegExp(`^create table ${NAME}`).exec(text)?.groups?.["table"] ?? [],
    ),
  );
  const broken = statements.flatMap((text) =>
    RULES.filter(({ name, pattern, sparesNew }) => {
      const match = pattern.exec(text);
      if (!match || declared.delete(name)) return false;
      return !(sparesNew && made.has(match.groups?.["table"] ?? ""));
    }).map(
      ({ name, instead }) =>
        `${path} has "${text.slice(0, 60)}": ${name}. ${instead} If it is safe, write: -- runs beside old processes although ${name}: <reason>`,
    ),
  );
  const idle = [...declared].map((name) => `${path} declares "${name}" and has none.`);
  return [...broken, ...idle];
}

/**
 * Of a generated schema, the functions that neither `program` nor a policy, a trigger or another function in
 * use calls, by signature. By name alone: an overload that is not called hides behind one that is.
 */
export function idleFunctions(schema: string, program: string): { all: string[]; idle: string[] } {
  const functions = new Map<string, string>();
  const uses = [program];
  for (const block of schema.split(/^-- (?=function )/m)) {
    const [, signature, body = ""] = /^function (.*\))\n([\s\S]*)/.exec(block) ?? [];
    if (signature === undefined) uses.push(block);
    else functions.set(signature, body.replaceAll(/^(?:CREATE|alter|grant) .*/gm, ""));
  }
  const all = [...functions.keys()];
  const idle = new Set(all);
  for (let use = uses.pop(); use !== undefined; use = uses.pop()) {
    for (const signature of idle) {
      const name = signature.slice(0, signature.indexOf("("));
      if (!new RegExp(String.raw`\b${name}\(`).test(use)) continue;
      idle.delete(signature);
      uses.push(functions.get(signature)!);
    }
  }
  return { all, idle: [...idle] };
}

/** Without comments, and without the bodies of functions and of `do`, which run later or decide themselves. */
function statementsOf(sql: string): string[] {
  return sql
    .replaceAll(/--.*$/gm, "")
    .replaceAll(/\/\*[\s\S]*?\*\//g, "")
    .replaceAll(/\$(\w*)\$[\s\S]*?\$\1\$/g, "''")
    .replaceAll(/\bbegin atomic\b[\s\S]*?\bend\s*;/gi, ";")
    .split(";")
    .map((text) => text.replaceAll(/\s+/g, " ").trim().toLowerCase())
    .filter((text) => text !== "");
}
