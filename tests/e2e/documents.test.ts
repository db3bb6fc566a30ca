import { createHash, randomUUID } from "node:crypto";
import { mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ApolloClient, gql, HttpLink, InMemoryCache } from "@apollo/client/core";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { run } from "../../src/cli/documents-add.ts";
import { CreateShelter, FollowEvents, Viewer } from "../../src/client/index.ts";
import { readRegistry } from "../../src/platform/http/documents.ts";
import { type Answer, codeOf, type Demo, startDemo } from "../support/demo.ts";
import { clientOf } from "../support/partners.ts";
import { type ApiProcess, endApi, startApi } from "../support/processes.ts";
import { recordDocuments, startFederation } from "../support/federation.ts";
import { killedWhileWriting, wayhouse } from "../support/wayhouse.ts";

const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
/** Through a partner's gateway, two calls of the network in documents of the gateway's making. */
const DESK = `query Desk { viewer { organisation { handle } }
  cases { code reference { bedHolds { status } } } }`;
const CASE = { reference: randomUUID(), code: "Heron-7", stage: "INTAKE", notes: [] } as const;
const THEIRS = "query Ours { viewer { scopes } }";

let demo: Demo;
let api: ApiProcess;
let registry: string;
/** Of the partner. */
let folder: string;
beforeAll(async () => {
  demo = await startDemo();
  registry = mkdtempSync(join(tmpdir(), "wayhouse-registry-"));
  folder = mkdtempSync(join(tmpdir(), "wayhouse-documents-"));
});
afterAll(async () => {
  if (api) await endApi(api);
  await demo.stop();
  rmSync(registry, { recursive: true });
  rmSync(folder, { recursive: true });
});

/** In this process: starting one for each takes longer than what it does. */
const add = async (...sources: string[]) => {
  const told = vi.spyOn(console, "log").mockImplementation(() => {});
  try {
    const code = await run(["--registry", registry, "--json", ...sources]);
    return { code, done: JSON.parse(told.mock.calls[0]![0] as string) as object };
  } finally {
    told.mockRestore();
  }
};
const kept = () => readdirSync(registry).length;
const write = (name: string, content: string | object) => {
  const path = join(folder, name);
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content));
  return path;
};

describe("documents add", () => {
  it("takes those of Wayhouse, once", async () => {
    expect(await add()).toMatchObject({ code: 0, done: { known: 0, refused: [] } });
    const count = readdirSync("schema/operations").length;
    expect(kept()).toBe(count);
    expect(await add()).toMatchObject({ code: 0, done: { added: [], known: count } });
  });

  it("leaves no half of a document when it is killed: the same again adds what is missing", async () => {
    const other = join(folder, "killed");
    const line = ["documents", "add", "--registry", other];
    killedWhileWriting(3, ...line);
    expect(readRegistry(other).size).toBe(2);
    const { code, stdout } = await wayhouse(demo, ...line);
    expect([code, stdout]).toEqual([0, expect.stringContaining(", 2 known, 0 refused")]);
    expect([...readRegistry(other).keys()].toSorted()).toEqual(
      [...readRegistry(registry).keys()].toSorted(),
    );
  });

  it("takes a partner's, from files and from manifests", async () => {
    const other = "query Other { viewer { scopes } }";
    const third = "query Third { viewer { scopes } }";
    const operations = [{ id: sha256(third), name: "Third", type: "query", body: third }];
    const format = "apollo-persisted-query-manifest";
    const done = { added: [sha256(THEIRS), sha256(other), sha256(third)] };
    const sources = [
      write("theirs.graphql", `${THEIRS}\n`),
      write("map.json", { [`sha256:${sha256(other)}`]: other }),
      write("manifest.json", { format, version: 1, operations }),
    ];
    expect(await add(...sources)).toMatchObject({ code: 0, done });
  });

  it("takes those that a partner's gateway made of its dashboard's, as they were recorded", async () => {
    const documents = await recordDocuments(demo.url, async (networkUrl) => {
      const federation = await startFederation(demo, [CASE], networkUrl);
      await federation.post("lantern", { query: DESK });
      await federation.stop();
    });
    expect(documents).toHaveLength(2);
    expect(documents.join("\n")).toContain("_entities");
    const recorded = Object.fromEntries(documents.map((text) => [sha256(text), text]));
    const done = { added: Object.keys(recorded), refused: [] };
    expect(await add(write("gateway.json", recorded))).toMatchObject({ code: 0, done });
  });

  it("names what is not valid in the schema, and leaves it out", async () => {
    const before = kept();
    const { code, done } = await add(
      write("wrong.graphql", "{ cases { name } }"),
      write("broken.graphql", "{"),
    );
    expect({ code, done }).toMatchObject({
      code: 1,
      done: {
        added: [],
        refused: [
          { message: expect.stringContaining("cases") },
          { message: expect.stringContaining("Syntax Error") },
        ],
      },
    });
    expect(kept()).toBe(before);
  });

  it("takes no document under a hash of another", async () => {
    const swapped = write("swapped.json", { [sha256("other")]: THEIRS });
    await expect(add(swapped)).rejects.toThrow("not its SHA-256");
  });
});

describe("a node with registered documents alone", () => {
  const post = async (body: object, headers: Record<string, string> = {}) => {
    const authorization = `Bearer ${await demo.token("harbour", ["beds:read"])}`;
    const response = await fetch(api.url, {
      method: "POST",
      headers: { authorization, "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
    return { status: response.status, text: await response.text() };
  };
  beforeAll(async () => {
    const settings = { DATABASE_URL: demo.database.apiUrl, SEED: "none", DOCUMENTS_DIR: registry };
    api = await startApi(settings);
  });

  it.each<[string, object]>([
    ["its text", { query: THEIRS }],
    ["its hash alone", { documentId: `sha256:${sha256(THEIRS)}` }],
    [
      "its hash as Apollo's clients and urql send it",
      { extensions: { persistedQuery: { version: 1, sha256Hash: sha256(THEIRS) } } },
    ],
    ["both", { query: THEIRS, documentId: `sha256:${sha256(THEIRS)}` }],
  ])("answers a registered document by %s", async (_, body) => {
    const { status, text } = await post(body);
    expect({ status, data: (JSON.parse(text) as Answer).data }).toEqual({
      status: 200,
      data: { viewer: { scopes: ["BEDS_READ"] } },
    });
  });

  it.each<[string, object]>([
    ["another document", { query: "{ viewer { scopes } }" }],
    ["a registered one with a space more", { query: `${THEIRS} ` }],
    ["introspection", { query: "{ __schema { types { name } } }" }],
    ["what cannot even be parsed", { query: "{".repeat(100_000) }],
    [
      "a document under the hash of a registered one",
      { query: "{ a }", documentId: `sha256:${sha256(THEIRS)}` },
    ],
    ["an unknown hash", { documentId: `sha256:${sha256("")}` }],
  ])("refuses %s before it is parsed, in the same words", async (_, body) => {
    const { status, text } = await post(body, { accept: "application/graphql-response+json" });
    const { errors, data } = JSON.parse(text) as Answer;
    const path = "query" in body ? "query" : "documentId";
    const issues = [{ path: [path], message: "must be a registered document" }];
    const extensions = { code: "BAD_USER_INPUT", issues };
    expect({ status, data, errors }).toEqual({
      status: 400,
      data: undefined,
      errors: [{ message: "The input is not valid.", extensions }],
    });
  });

  it.each<[string, unknown]>([
    ["no text", `sha256:${sha256(THEIRS).toUpperCase()}`],
    ["a number", 1],
    ["another digest", `md5:${"0".repeat(64)}`],
  ])("refuses a documentId that is %s", async (_, documentId) => {
    const { status, text } = await post({ documentId });
    expect({ status, code: codeOf(JSON.parse(text) as Answer) }).toEqual({
      status: 400,
      code: "BAD_USER_INPUT",
    });
  });

  it("tells no stranger which documents are registered", async () => {
    const asks = [THEIRS, "{ a }"].map((query) => post({ query }, { authorization: "Bearer x" }));
    const [known, unknown] = await Promise.all(asks);
    expect(known!.status).toBe(401);
    expect(known).toEqual(unknown);
  });

  it("serves the client library and Apollo Client, by hash alone", async () => {
    const sent: string[] = [];
    const listening: typeof fetch = (url, init) => {
      sent.push(init!.body as string);
      return fetch(url, init);
    };
    const client = await clientOf({ ...demo, url: api.url }, "harbour", { fetch: listening });
    expect(await client.run(Viewer)).toMatchObject({
      viewer: { organisation: { handle: "harbour" } },
    });
    const apollo = new ApolloClient({
      link: new PersistedQueryLink({ sha256 }).concat(
        new HttpLink({ uri: api.url, fetch: client.fetch }),
      ),
      cache: new InMemoryCache(),
    });
    const { data } = await apollo.query({ query: gql(Viewer) });
    expect(data).toMatchObject({ viewer: { organisation: { handle: "harbour" } } });
    expect(JSON.parse(sent.at(-1)!)).not.toHaveProperty("query");
    const input = {
      label: "Sorb",
      country: "AM",
      locality: "Dilijan",
      kind: "HOSTEL",
      features: [],
      beds: 1,
    } as const;
    expect(await client.run(CreateShelter, { input })).toHaveProperty("createShelter.id");
    apollo.stop();
  });

  it("serves a gateway what was recorded of it, and nothing else that it makes", async () => {
    const federation = await startFederation(demo, [CASE], api.url);
    try {
      expect(JSON.parse(await federation.post("lantern", { query: DESK }))).toEqual({
        data: {
          viewer: { organisation: { handle: "lantern" } },
          cases: [{ code: "Heron-7", reference: { bedHolds: [] } }],
        },
      });
      const other = await federation.post("lantern", { query: DESK.replace("handle", "id") });
      const { data, errors } = JSON.parse(other) as Answer;
      expect([data, errors?.map(({ extensions }) => extensions.code)]).toEqual([
        null,
        ["BAD_USER_INPUT"],
      ]);
    } finally {
      await federation.stop();
    }
  });

  it("serves the command line: administration, an import, a chain taken out", async () => {
    writeFileSync(
      join(folder, "missions.csv"),
      "operator,country,city,type\nGermany,Armenia,Yerevan,embassy\n",
    );
    const whose = ["--organisation", "bridge", "--url", api.url, "--json"];
    for (const line of [
      ["org", "list"],
      ["import", "missions", join(folder, "missions.csv")],
      ["import", "hmis", "tests/fixtures/hmis"],
      ["audit", "export", "--out", join(folder, "chain.jsonl")],
      ["keys", "list"],
    ]) {
      const { code, stderr } = await wayhouse(demo, ...line, ...whose);
      // Of the fixture some rows cannot be taken.
      expect([code, stderr], line.join(" ")).toEqual([line[1] === "hmis" ? 1 : 0, ""]);
    }
  });

  it("streams a registered subscription", async () => {
    const response = await fetch(api.url, {
      method: "POST",
      headers: {
        authorization: `Bearer ${await demo.token("harbour", ["beds:read"])}`,
        "content-type": "application/json",
        accept: "text/event-stream",
      },
      body: JSON.stringify({ documentId: `sha256:${sha256(FollowEvents)}` }),
    });
    const { value } = await response.body!.getReader().read();
    expect(new TextDecoder().decode(value)).toBe(":\n\n");
  });
});

it("a registry in which a document was exchanged is not served, and check says why", async () => {
  renameSync(join(registry, `${sha256(THEIRS)}.graphql`), join(registry, `${sha256("")}.graphql`));
  const check = await wayhouse(demo, "documents", "check", "--registry", registry);
  expect(check).toMatchObject({ code: 2, stderr: expect.stringContaining("not the document") });
  const settings = { DATABASE_URL: demo.database.apiUrl, SEED: "none", DOCUMENTS_DIR: registry };
  await expect(startApi(settings)).rejects.toThrow("is not the document of its name");
});
