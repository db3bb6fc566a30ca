import { serverAudits } from "graphql-http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Demo, startDemo } from "../support/demo.ts";
import { type ApiProcess, endApi, startApi } from "../support/processes.ts";

let demo: Demo;
let api: ApiProcess;
beforeAll(async () => {
  demo = await startDemo();
  const DATABASE_URL = demo.database.apiUrl;
  api = await startApi({ DATABASE_URL, SEED: "none", NODE_ENV: "production" });
});
afterAll(async () => {
  await endApi(api);
  await demo.stop();
});

/** Each asks by GET, which nothing here is served by. */
const UNMET = ["5A70", "D6D5", "6A70"];

/** The audit as it is, with a token that opens the door. */
async function fetchFn(url: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("authorization", `Bearer ${await demo.token("lantern", ["beds:read"])}`);
  return fetch(url, { ...init, headers });
}

describe("the process as it runs in production, audited by graphql-http", () => {
  const audits = serverAudits({ url: () => api.url, fetchFn });

  it("is asked every audit there is", () => {
    expect(audits).toHaveLength(61);
  });

  it("misses none of them but what may be missed, of GET", () => {
    const unmet = audits.filter(({ id }) => UNMET.includes(id)).map(({ name }) => name);
    expect(unmet.filter((name) => /^MAY .*\bGETs?\b/.test(name))).toHaveLength(UNMET.length);
  });

  it.each(audits.map(({ id, name, fn }) => ({ id, name, fn })))(
    "$id: $name",
    async ({ id, fn }) => {
      const { status, name } = await fn();
      expect({ name, isMet: status === "ok" }).toEqual({ name, isMet: !UNMET.includes(id) });
    },
  );
});
