import { readdirSync, readFileSync } from "node:fs";

/** Where people read what to type. */
export const PAGES = [
  "README.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  "examples/handoff-bot/README.md",
  ...readdirSync("docs").map((page) => `docs/${page}`),
];

export interface Block {
  readonly language: string;
  readonly text: string;
}

/** The fenced blocks of a page, also of those that stand in a list. */
export function blocksOf(page: string): Block[] {
  const fences = readFileSync(page, "utf8").matchAll(/^( *)```(\w*)\n(.*?)^\1```$/gms);
  return [...fences].map(([, indent = "", language = "", text = ""]) => {
    return { language, text: text.replaceAll(new RegExp(`^${indent}`, "gm"), "") };
  });
}

/** A page's text for a server elsewhere; a port of which the page's is only the beginning is another's. */
export const at = (host: string, text: string) =>
  text.replaceAll(/127\.0\.0\.1:4000\b/g, () => host);

export const textsOf = (page: string, language: string) =>
  blocksOf(page)
    .filter((block) => block.language === language)
    .map(({ text }) => text);

/** What stands between backticks in the running text: a command, an option, a name. */
export function spansOf(page: string): string[] {
  const prose = readFileSync(page, "utf8").replaceAll(/^( *)```\w*\n.*?^\1```$/gms, "");
  return [...prose.matchAll(/`([^`\n]+)`/g)].map(([, span = ""]) => span.replaceAll("\\|", "|"));
}
