/** One import as written. `typeOnly` is `import type`: an inline `{ type A }` still loads the module. */
export interface Import {
  readonly specifier: string;
  readonly typeOnly: boolean;
  /** What is imported as a value: exported names, "default" or "*". */
  readonly values: readonly string[];
}

export interface SourceFile {
  /** From the root of the repository, with forward slashes. */
  readonly path: string;
  readonly imports: readonly Import[];
  readonly text: string;
}

const TOKEN =
  /(\/\/[^\n]*|\/\*[\s\S]*?\*\/)|("(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*')|([\w$]+)|(\s+)|[\s\S]/y;
const TEMPLATE = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*(?:`|\$\{)/y;
const REGEX = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*/y;
// After one of these a slash begins a regular expression; after any other word it divides.
const BEFORE_VALUE = /^(?:return|typeof|case|in|of|void|delete|throw|new|else|do|await|yield)$/;

/**
 * The source without its comments (`words`), and also without what stands inside strings, templates
 * and regular expressions (`code`). Blanked with spaces: offsets are those of the source.
 */
export function strip(source: string): { code: string; words: string } {
  const code = source.split("");
  const words = source.split("");
  const blank = (into: string[], from: number, to: number) => {
    for (let i = from; i < to; i++) if (into[i] !== "\n") into[i] = " ";
  };
  const match = (pattern: RegExp, at: number) => {
    pattern.lastIndex = at;
    return pattern.exec(source);
  };
  const holes: number[] = [];
  let depth = 0;
  let afterValue = false;
  for (let at = 0; at < source.length;) {
    const [token, comment, string, word, space] = match(TOKEN, at)!;
    let end = at + token.length;
    if (comment) {
      blank(code, at, end);
      blank(words, at, end);
    } else if (string) {
      blank(code, at + 1, end - 1);
      afterValue = true;
    } else if (token === "`" || (token === "}" && holes.at(-1) === depth)) {
      if (token === "}") holes.pop();
      const chunk = match(TEMPLATE, end)?.[0] ?? source.slice(end);
      const opensHole = chunk.endsWith("${");
      blank(code, end, end + chunk.length - (opensHole ? 2 : 1));
      if (opensHole) holes.push(depth);
      end += chunk.length;
      afterValue = !opensHole;
    } else if (token === "/" && !afterValue && match(REGEX, at)) {
      end = REGEX.lastIndex;
      blank(code, at + 1, end);
      afterValue = true;
    } else if (!space) {
      if (token === "{") depth++;
      if (token === "}") depth--;
      afterValue = word ? !BEFORE_VALUE.test(word) : /[)\]}]/.test(token);
    }
    at = end;
  }
  return { code: code.join(""), words: words.join("") };
}

const STATIC =
  /(?<![.\w$])(?:import|export)\b\s*(type\b(?!\s*(?:,|from\b)))?((?:(?!\b(?:import|export)\b)[\w$*\s{},])*?)\bfrom\s*(?=["'])/g;
const BARE_OR_DYNAMIC = /(?<![.\w$])import\s*(?:\(\s*|(?=["']))/g;
/** Stands for the specifier of an `import(…)` whose path is computed. */
export const COMPUTED = "(computed)";

/** The file with its static, bare and dynamic imports, re-exports included. */
export function sourceFile(path: string, text: string): SourceFile {
  const { code } = strip(text);
  const specifierAt = (at: number) =>
    /^(["'`])((?:(?!\1|\$\{)[^\n])*)\1/.exec(text.slice(at))?.[2] ?? COMPUTED;
  const imports: Import[] = [];
  for (const match of code.matchAll(STATIC)) {
    const [whole, type, clause = ""] = match;
    const specifier = specifierAt(match.index + whole.length);
    imports.push({ specifier, typeOnly: Boolean(type), values: type ? [] : valuesOf(clause) });
  }
  for (const match of code.matchAll(BARE_OR_DYNAMIC)) {
    const specifier = specifierAt(match.index + match[0].length);
    imports.push({ specifier, typeOnly: false, values: ["*"] });
  }
  return { path, imports, text };
}

function valuesOf(clause: string): string[] {
  const braces = /\{([^}]*)\}/.exec(clause);
  const outside = clause.replace(/\{[^}]*\}/, "").split(",");
  const named = (braces?.[1] ?? "").split(",").filter((name) => !/^\s*type\s/.test(name));
  return [
    ...named.map((name) => name.trim().split(/\s/)[0] ?? ""),
    ...outside.map((name) => (name.includes("*") ? "*" : name.trim() && "default")),
  ].filter(Boolean);
}
