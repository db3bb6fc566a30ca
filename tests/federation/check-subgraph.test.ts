import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { composeServices } from "@theguild/federation-composition";
import { parse } from "graphql";
import { afterAll, describe, expect, it, vi } from "vitest";
import { run } from "../../src/cli/check-subgraph.ts";
import { composeWithNetwork } from "../../src/cli/compose.ts";
import { findTakeovers } from "../../src/cli/subgraph/takeovers.ts";
import { randomOf } from "../support/random.ts";
import {
  completed,
  FEDERATION,
  HARMLESS,
  IMPORT_ALL,
  spelled,
  SPELLINGS,
  TAKEOVERS,
} from "../support/partner-graphs.ts";
import { changesOf } from "../support/supergraph.ts";

const text = readFileSync("schema/network.graphql", "utf8");
const network = parse(text);
const alone = composeServices([{ name: "network", typeDefs: network }]).supergraphSdl!;
const rulesOf = (graph: string) => findTakeovers(network, parse(graph)).map(({ rule }) => rule);

describe.each(Object.keys(SPELLINGS))("check-subgraph, the directives written %s,", (spelling) => {
  it.each(TAKEOVERS)("names %s", (_, rule, graph) => {
    expect(rulesOf(spelled(graph, spelling))).toContain(rule);
  });

  it.each(HARMLESS)("has nothing against %s", (graph) => {
    expect(rulesOf(spelled(graph, spelling))).toEqual([]);
  });
});

describe("check-subgraph", () => {
  it("sees through a feature that is linked by itself, under another name", () => {
    const hidden = `extend schema @link(url: "https://specs.apollo.dev/inaccessible/v0.2", as: "external")`;
    const graph = `${IMPORT_ALL} ${hidden} type Shelter @key(fields: "id") { id: ID! @external mine: Int }`;
    expect(rulesOf(graph)).toEqual(["directive"]);
  });

  it("sees through a link that is renamed itself", () => {
    const graph = `schema @link(url: "https://specs.apollo.dev/link/v1.0", as: "l") @l(url: "${FEDERATION}", import: ["@key", { name: "@override", as: "@external" }]) { query: Query }
      type Shelter @key(fields: "id") { id: ID! label: String! @external(from: "network") }`;
    expect(rulesOf(graph)).toEqual(["override"]);
  });

  it("reads a graph of the first federation, whose fields are all shareable", () => {
    expect(rulesOf(`type Shelter @key(fields: "id") { id: ID! label: String! }`)).toEqual([
      "field",
    ]);
    expect(
      rulesOf(`extend type Shelter @key(fields: "id") { id: ID! @external rating: Int }`),
    ).toEqual([]);
  });

  it("names each place, with what to do", () => {
    const graph = `${IMPORT_ALL}
type CaseReference @key(fields: "id") @tag(name: "x") {
  id: ID!
  bedHolds: [Int!]! @shareable
}
type Query {
  viewer: Int
}`;
    expect(findTakeovers(network, parse(graph))).toEqual([
      {
        line: 2,
        column: 39,
        rule: "directive",
        message: expect.stringMatching(/^@tag on CaseReference .* Remove it/),
      },
      {
        line: 4,
        column: 3,
        rule: "shareable",
        message: expect.stringMatching(/^CaseReference\.bedHolds .* Remove it/),
      },
      {
        line: 7,
        column: 3,
        rule: "root-field",
        message: expect.stringMatching(/^Query\.viewer .* another name/),
      },
    ]);
  });
});

describe("what composition makes of it", () => {
  const changes = (graph: string): readonly string[] | null => {
    const composed = composeWithNetwork(text, completed(graph));
    return composed.ok ? changesOf(alone, composed.supergraph) : null;
  };

  it.each(HARMLESS)("changes nothing of the network's: %s", (graph) => {
    expect(changes(spelled(graph, "by their names"))).toEqual([]);
  });

  it("is a changed network for many takeovers, each of them named before", () => {
    const effective = TAKEOVERS.filter(
      ([, , graph]) => changes(spelled(graph, "by their names"))?.length,
    );
    expect(effective.length).toBeGreaterThan(10);
  });

  it("is never a changed network where nothing was named: 100 random graphs, seed 5", () => {
    const random = randomOf(5);
    const takeovers = TAKEOVERS.map(([, , graph]) => graph);
    const draw = () => random.pick(random.chance(0.7) ? HARMLESS : takeovers);
    const tally = { clean: 0, changed: 0 };
    for (let i = 0; i < 100; i++) {
      const drawn = new Set(Array.from({ length: 1 + random.below(3) }, draw));
      const graph = spelled([...drawn].join("\n"), random.pick(Object.keys(SPELLINGS))).replaceAll(
        /(?<!extend )\btype (?=[A-Z][A-Za-z]+ @|Query)/g,
        "extend type ",
      );
      const named = rulesOf(graph).length > 0;
      const changed = changes(graph);
      if (named && changed?.length) tally.changed++;
      if (named || changed === null) continue;
      tally.clean++;
      expect([graph, changed]).toEqual([graph, []]);
    }
    expect(tally.clean).toBeGreaterThan(20);
    expect(tally.changed).toBeGreaterThan(4);
  });
});

describe("the command", () => {
  const folder = mkdtempSync(join(tmpdir(), "wayhouse-check-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (graph: string) => {
    const path = join(folder, "graph.graphql");
    writeFileSync(path, graph);
    return path;
  };
  const command = async (...args: string[]) => {
    const said = vi.spyOn(console, "log").mockReturnValue();
    try {
      const code = await run(args);
      return { code, stdout: said.mock.calls.join("\n") };
    } finally {
      said.mockRestore();
    }
  };

  it("ends with 0 where nothing is taken over", async () => {
    const path = "examples/partner/cases.graphql";
    const stdout = `${path} composes with the network and takes over nothing of it.`;
    expect(await command(path)).toEqual({ code: 0, stdout });
  });

  it("ends with 1 and each place, for people and for machines, as it is typed", async () => {
    const path = file("type Query {\n  viewer: Int\n}\n");
    expect(await command(path)).toEqual({
      code: 1,
      stdout: expect.stringContaining(`${path}:2:3  root-field: Query.viewer is`),
    });
    const typed = ["--import", "tsx", "src/cli/wayhouse.ts", "check-subgraph", path, "--json"];
    const { status, stdout, stderr } = spawnSync(process.execPath, typed, { encoding: "utf8" });
    const finding = { line: 2, column: 3, rule: "root-field", message: expect.any(String) };
    expect([status, stderr, JSON.parse(stdout)]).toEqual([
      1,
      "",
      { file: path, findings: [finding] },
    ]);
  });

  it("ends with 1 for what takes over nothing, and does not compose", async () => {
    const { code, stdout } = await command(file("type Query { mine: Nothing }"), "--json");
    const message = expect.stringContaining("Nothing");
    const finding = { line: null, column: null, rule: "composition", message };
    expect([code, JSON.parse(stdout).findings]).toEqual([1, [finding]]);
  });

  it("stops at what cannot be read", async () => {
    await expect(run([file("type Query {")])).rejects.toThrow(
      /graph\.graphql:1:13 is no GraphQL schema/,
    );
    await expect(run([join(folder, "none.graphql")])).rejects.toThrow("(ENOENT)");
    await expect(run([])).rejects.toThrow("It takes <file.graphql>.");
    await expect(run(["a", "--jsno"])).rejects.toThrow("--jsno");
  });
});
