import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parse, validate } from "graphql";
import { describe, expect, it } from "vitest";
import { buildSchema } from "../../src/schema.ts";

const schema = buildSchema();
const pages = [
  "README.md",
  "examples/handoff-bot/README.md",
  ...readdirSync("docs").map((page) => `docs/${page}`),
];
const queries = pages.flatMap((page) =>
  [...readFileSync(page, "utf8").matchAll(/^```graphql\n(.*?)^```$/gms)].map(
    ([, query = ""], nth) => ({ page, nth: nth + 1, query }),
  ),
);
const faultsOf = (query: string) => validate(schema, parse(query)).map(({ message }) => message);

describe("what the pages show", () => {
  it.each(queries)("$page, query $nth, is one that the network answers", ({ query }) => {
    expect(faultsOf(query)).toEqual([]);
  });

  it("is held against the schema, and there are queries to copy", () => {
    expect(faultsOf("{ viewer { secrets } }")).toHaveLength(1);
    expect(queries.length).toBeGreaterThan(3);
  });

  it.each(pages)("%s points at what is there", (page) => {
    const links = [...readFileSync(page, "utf8").matchAll(/\]\((?!https?:|#)([^)#]+)/g)];
    const lost = links.filter(([, to = ""]) => !existsSync(join(dirname(page), to)));
    expect(lost.map(([, to]) => to)).toEqual([]);
  });
});
