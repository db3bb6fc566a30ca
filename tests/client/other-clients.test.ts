import {
  ApolloClient,
  gql,
  HttpLink,
  InMemoryCache,
  type TypedDocumentNode,
} from "@apollo/client/core";
import { Client as UrqlClient, cacheExchange, fetchExchange } from "@urql/core";
import { GraphQLClient } from "graphql-request";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  AcknowledgeHandoff,
  BedAvailability,
  type Client,
  CreateShelter,
  Events,
  FollowEvents,
  type Operation,
  Shelters,
  Viewer,
} from "../../src/client/index.ts";
import { type Demo, night, startDemo } from "../support/demo.ts";
import { clientOf } from "../support/partners.ts";

let demo: Demo;
let client: Client;
/** What went over the wire, as text. */
const sent: string[] = [];
beforeAll(async () => {
  demo = await startDemo();
  const listening: typeof fetch = (url, init) => {
    sent.push(init!.body as string);
    return fetch(url, init);
  };
  client = await clientOf(demo, "harbour", { fetch: listening });
});
afterAll(() => demo.stop());

const lastSent = () => JSON.parse(sent.at(-1)!) as { query: string; variables: unknown };
const search = { country: "AM", checkIn: night(1), checkOut: night(3) };
const shelter = (label: string) =>
  ({ label, country: "AM", locality: "Dilijan", kind: "HOSTEL", features: [], beds: 3 }) as const;

describe("graphql-request, as it is", () => {
  it("asks and writes with the types of the operations", async () => {
    const other = new GraphQLClient(demo.url, { fetch: client.fetch });
    const { viewer } = await other.request(Viewer);
    expect(viewer.organisation.handle).toBe("harbour");
    expect(lastSent().query).toBe(Viewer);
    const { createShelter } = await other.request(CreateShelter, {
      input: { ...shelter("Quince"), idempotencyKey: "graphql-request" },
    });
    expect(createShelter.label).toBe("Quince");
  });
});

describe("urql, as it is", () => {
  it("asks, caches and writes with the types of the operations", async () => {
    const other = new UrqlClient({
      url: demo.url,
      preferGetMethod: false,
      fetch: client.fetch,
      exchanges: [cacheExchange, fetchExchange],
    });
    const { data, error } = await other.query(BedAvailability, { search });
    expect(error).toBeUndefined();
    const labels = data?.bedAvailability.edges.map(({ node }) => node.shelter.label);
    expect(labels).toContain("Pomegranate");
    expect(lastSent().query).toBe(BedAvailability);
    const before = sent.length;
    await other.query(BedAvailability, { search });
    expect(sent).toHaveLength(before);
    const failed = await other.mutation(AcknowledgeHandoff, {
      input: { id: "nothing", idempotencyKey: "urql-urql" },
    });
    expect(failed.error?.graphQLErrors[0]?.extensions["code"]).toBe("NOT_FOUND");
  });

  it("follows events with the types of the operations, over the fetch that signs", async () => {
    const other = new UrqlClient({
      url: demo.url,
      preferGetMethod: false,
      fetch: client.fetch,
      fetchSubscriptions: true,
      exchanges: [fetchExchange],
    });
    const page = await other.query(Events, { first: 1 });
    const after = page.data!.events.pageInfo.endCursor;
    const cursor = await new Promise<string | undefined>((resolve) => {
      // Until the server stops: in Node, urql leaves a rejection unhandled when it is told to.
      other
        .subscription(FollowEvents, { after })
        .subscribe(({ data }) => resolve(data?.events.cursor));
    });
    const following = client.events({ after: after! });
    expect((await following.next()).value.cursor).toBe(cursor);
    await following.return(undefined as never);
  });
});

describe("Apollo Client, as it is", () => {
  const typed = <Result, V extends Record<string, unknown>>(operation: Operation<Result, V>) =>
    gql(operation) as TypedDocumentNode<Result, V>;

  it("asks, normalises and writes with the types of the operations", async () => {
    const other = new ApolloClient({
      link: new HttpLink({ uri: demo.url, fetch: client.fetch }),
      cache: new InMemoryCache(),
    });
    const { data } = await other.query({ query: typed(Shelters), variables: { first: 10 } });
    const [first] = data!.shelters.edges;
    expect(lastSent().query).toBe(Shelters);
    expect(other.cache.extract()).toHaveProperty([`Shelter:${first!.node.id}`, "label"]);
    const made = await other.mutate({
      mutation: typed(CreateShelter),
      variables: { input: { ...shelter("Medlar"), idempotencyKey: "apollo-client" } },
    });
    expect(made.data!.createShelter.locality).toBe("Dilijan");
    other.stop();
  });

  it("and what leaves out its key gets one", async () => {
    const other = new GraphQLClient(demo.url, { fetch: client.fetch });
    await other.request(String(CreateShelter), { input: shelter("Cornel") });
    const idempotencyKey = expect.stringMatching(/^[0-9a-f-]{36}$/);
    expect(lastSent().variables).toMatchObject({ input: { idempotencyKey } });
  });
});

it("and the client of the house, page by page", async () => {
  const { createShelter } = await client.run(CreateShelter, { input: shelter("Mulberry") });
  const labels: string[] = [];
  for await (const { id } of client.all(Shelters, { first: 2 }, ({ shelters }) => shelters))
    labels.push(id);
  expect(labels.length).toBeGreaterThan(3);
  expect(new Set(labels).size).toBe(labels.length);
  expect(labels).toContain(createShelter.id);
});
