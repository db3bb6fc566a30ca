import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { composeServices } from "@theguild/federation-composition";
import { parse } from "graphql";
import { createYoga } from "graphql-yoga";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createGateway } from "../../examples/partner/gateway.ts";
import { composeWithNetwork } from "../../src/cli/compose.ts";
import { findTakeovers } from "../../src/cli/subgraph/takeovers.ts";
import { SCOPES } from "../../src/kernel/scopes.ts";
import { type Answer, codeOf, type Demo, idOf, startDemo } from "../support/demo.ts";
import { postTo } from "../support/federation.ts";
import { shelter } from "../support/holds.ts";
import { IMPORT_ALL } from "../support/partner-graphs.ts";
import { serveGraph } from "../support/ports.ts";
import { changesOf } from "../support/supergraph.ts";

/*
 * The cases of Apollo's subgraph compatibility suite. What a subgraph answers is asked of the network's:
 * _service, @link, _entities, @key, ftv1, introspection. What it may declare, and the network's does not
 * (a second key, @shareable, @requires, @provides, @external, @override, @tag, @inaccessible,
 * @composeDirective, @interfaceObject), is asked of it as the other side: a partner's graph declares it.
 */
const text = readFileSync("schema/network.graphql", "utf8");
const alone = composeServices([{ name: "network", typeDefs: parse(text) }]).supergraphSdl!;

let demo: Demo;
const ask: Demo["ask"] = (...call) => demo.ask(...call);
beforeAll(async () => {
  demo = await startDemo();
  await shelter(ask, "Apricot");
});
afterAll(async () => {
  await demo.stop();
});

describe("of the network's subgraph", () => {
  const SERVICE = "{ _service { sdl } }";

  it("_service tells the committed schema, whatever the scopes", async () => {
    for (const scopes of [SCOPES, []]) {
      const answer = JSON.parse((await demo.post("lantern", { query: SERVICE }, scopes)).text);
      expect(answer).toEqual({ data: { _service: { sdl: text.trimEnd() } } });
    }
  });

  it.each(["", "Bearer x", "Basic YTpi"])(
    "_service tells nothing to `%s`: composition reads the committed file",
    async (authorization) => {
      const answer = await postTo(demo.url, { query: SERVICE }, { authorization });
      expect(answer).toBe(
        '{"errors":[{"message":"A valid access token is required.","extensions":{"code":"UNAUTHENTICATED"}}]}',
      );
    },
  );

  it("@link: federation 2, with no more of it than is used", () => {
    const links = [...text.matchAll(/@link\(url: "(.*?)", import: \[(.*?)\]\)/g)];
    expect(links.map(([, url, names]) => [url, names])).toEqual([
      ["https://specs.apollo.dev/federation/v2.9", '"@authenticated", "@key", "@requiresScopes"'],
    ]);
  });

  it("_Entity is the union of the types with a key, and _Any is opaque", async () => {
    const { data } = await ask(
      "lantern",
      `{ entity: __type(name: "_Entity") { kind possibleTypes { name } } any: __type(name: "_Any") { kind }
         __schema { queryType { fields { name type { ofType { kind } } args { name } } } } }`,
    );
    expect(data.entity.kind).toBe("UNION");
    expect(data.entity.possibleTypes.map((one: { name: string }) => one.name).toSorted()).toEqual([
      "CaseReference",
      "ConsulateContact",
      "Handoff",
      "Organisation",
      "Shelter",
    ]);
    expect(data.any.kind).toBe("SCALAR");
    const fields = data.__schema.queryType.fields as { name: string; args: { name: string }[] }[];
    expect(fields.find(({ name }) => name === "_entities")!.args).toEqual([
      { name: "representations" },
    ]);
  });

  it("@key single: the entity, by each name that the document gives the field", async () => {
    const id = await idOf(ask, "harbour");
    const { data } = await ask(
      "harbour",
      `query ($r: [_Any!]!) { one: _entities(representations: $r) { ...O } } fragment O on Organisation { id name: handle }`,
      { r: [{ __typename: "Organisation", id }] },
    );
    expect(data.one).toEqual([{ id, name: "harbour" }]);
  });

  it.each<[string, object]>([
    ["multiple", { __typename: "Organisation", handle: "harbour" }],
    ["compound", { __typename: "Shelter", id: "x", country: "AM" }],
    ["nested", { __typename: "Handoff", sender: { id: "x" } }],
  ])("@key %s: there is none, and a representation by it is refused", async (_, one) => {
    const answer = await ask(
      "harbour",
      "query ($r: [_Any!]!) { _entities(representations: $r) { __typename } }",
      { r: [one] },
    );
    expect([codeOf(answer), answer.data]).toEqual(["BAD_USER_INPUT", null]);
  });

  it("ftv1 is not told: how long each field took would tell what there is", async () => {
    const authorization = `Bearer ${await demo.token("lantern", SCOPES)}`;
    const headers = { authorization, "apollo-federation-include-trace": "ftv1" };
    const answer = await postTo(demo.url, { query: "{ viewer { __typename } }" }, headers);
    expect(answer).toBe('{"data":{"viewer":{"__typename":"Viewer"}}}');
  });
});

const PARTNER = `${IMPORT_ALL.replace("]", ', "@composeDirective"]')}
extend schema @link(url: "https://lantern.wayhouse.example/audience/v1.0", import: ["@audience"])
  @composeDirective(name: "@audience")
directive @audience(of: String!) on FIELD_DEFINITION
scalar CountryCode
type Organisation @key(fields: "id") { id: ID! handle: String! @external }
type Shelter @key(fields: "id") {
  id: ID!
  label: String! @external
  country: CountryCode! @external
  organisation: Organisation! @external
  sign: String! @requires(fields: "label country organisation { handle }")
  door: Door! @tag(name: "lantern") @audience(of: "team")
}
type Door @key(fields: "number") @key(fields: "shelter { id } floor") {
  number: ID!
  floor: Int! @shareable
  code: String @inaccessible
  shelter: Shelter!
}
type Query { doors: [Door!]! door(number: ID!): Door }`;

describe("of a partner's graph beside it", () => {
  const composed = composeWithNetwork(text, PARTNER);
  let servers: Server[];
  let gatewayUrl: string;
  const asked: unknown[] = [];

  beforeAll(async () => {
    if (!composed.ok) throw new Error(composed.errors.join("\n"));
    const { data } = await ask("harbour", "{ shelters { edges { node { id label } } } }");
    const { id } = data["shelters"].edges.find(
      ({ node }: { node: { label: string } }) => node.label === "Apricot",
    ).node as { id: string };
    const door = { number: "7", floor: 2, code: "4711", shelter: { id } };
    interface Required {
      id: string;
      label: string;
      country: string;
      organisation: { handle: string };
    }
    const schema = buildSubgraphSchema({
      typeDefs: parse(PARTNER),
      resolvers: {
        Query: { doors: () => [door], door: () => door },
        Shelter: {
          __resolveReference: (representation: object) => {
            asked.push(representation);
            return representation;
          },
          sign: (given: Required) => `${given.organisation.handle}/${given.country}/${given.label}`,
          door: () => door,
        },
        Door: { __resolveReference: () => door },
      },
    });
    const yoga = createYoga({ schema, logging: false });
    const cases = createServer((request, response) => void yoga(request, response));
    const casesUrl = await serveGraph(cases);
    const { supergraph } = composed;
    const gateway = createGateway({ supergraph, networkUrl: demo.url, casesUrl });
    servers = [gateway, cases];
    gatewayUrl = await serveGraph(gateway);
  });
  afterAll(async () => {
    for (const server of servers) {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });
  const through = async (query: string, by = "harbour"): Promise<Answer> => {
    const authorization = `Bearer ${await demo.token(by, SCOPES)}`;
    return JSON.parse(await postTo(gatewayUrl, { query }, { authorization })) as Answer;
  };

  it("nothing is taken over, and nothing of the network's is changed", () => {
    expect(findTakeovers(parse(text), parse(PARTNER))).toEqual([]);
    expect(composed.ok && changesOf(alone, composed.supergraph)).toEqual([]);
  });

  it("@requires and @external: the network's fields, and one below another entity, are handed on", async () => {
    const answer = await through("{ doors { shelter { sign } } }");
    expect(answer).toEqual({ data: { doors: [{ shelter: { sign: "harbour/AM/Apricot" } }] } });
    expect(asked.at(-1)).toEqual({
      __typename: "Shelter",
      id: expect.any(String),
      label: "Apricot",
      country: "AM",
      organisation: { handle: "harbour" },
    });
  });

  it("@requires shows a stranger nothing: what the network does not tell is never handed on", async () => {
    asked.length = 0;
    const answer = await through("{ doors { number shelter { sign label } } }", "outsider");
    expect(asked).toEqual([
      {
        __typename: "Shelter",
        id: expect.any(String),
        label: null,
        country: null,
        organisation: null,
      },
    ]);
    expect(JSON.stringify(answer)).not.toMatch(/Apricot|harbour/);
  });

  it("@key multiple and nested, and @shareable: a type of its own leads to the network's and back", async () => {
    const { data, errors } = await through(
      "{ door(number: 7) { floor shelter { label kind door { number floor } } } }",
    );
    expect(errors).toBeUndefined();
    expect(data.door).toEqual({
      floor: 2,
      shelter: { label: "Apricot", kind: expect.any(String), door: { number: "7", floor: 2 } },
    });
  });

  it("@inaccessible is composed, and answered to nobody", async () => {
    const { data, errors } = await through("{ doors { number code } }");
    expect(data).toBeUndefined();
    expect(errors?.[0]?.message).toMatch(/^Cannot query field "code"/);
  });

  it("@tag and @composeDirective stay on the partner's field", () => {
    const supergraph = composed.ok ? composed.supergraph : "";
    expect(supergraph).toMatch(/door: Door! .*@tag\(name: "lantern"\)/);
    expect(supergraph).toMatch(/door: Door! .*@audience\(of: "team"\)/);
  });

  it.each([
    ["@override", `label: String! @override(from: "network")`, "override"],
    ["@shareable", "label: String! @shareable", "shareable"],
    ["@tag", `label: String! @external @tag(name: "x")`, "directive"],
    ["@inaccessible", "label: String! @external @inaccessible", "directive"],
  ])("%s on a field of the network's is named by check-subgraph", (_, field, rule) => {
    const graph = `${IMPORT_ALL} type Shelter @key(fields: "id") { id: ID! ${field} mine: Int }`;
    expect(findTakeovers(parse(text), parse(graph)).map((one) => one.rule)).toContain(rule);
  });

  it("@provides and @interfaceObject of the network's are named by check-subgraph", () => {
    const rules = (graph: string) =>
      findTakeovers(parse(text), parse(`${IMPORT_ALL} ${graph}`)).map(({ rule }) => rule);
    expect(
      rules(`type Query { mine: Shelter @provides(fields: "label") }
        type Shelter @key(fields: "id") { id: ID! label: String! @external }`),
    ).toEqual(["provides"]);
    expect(rules(`type Node @key(fields: "id") @interfaceObject { id: ID! mine: Int }`)).toContain(
      "interface-object",
    );
  });
});

it("never was a fault of ours", () => {
  expect(demo.faults).toEqual([]);
});
