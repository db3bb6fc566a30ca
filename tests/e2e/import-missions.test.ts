import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { type Demo, startDemo } from "../support/demo.ts";
import { serveGraph } from "../support/ports.ts";
import { countWrites, wayhouse } from "../support/wayhouse.ts";

let demo: Demo;
let folder: string;
beforeAll(async () => {
  demo = await startDemo();
  folder = mkdtempSync(join(tmpdir(), "wayhouse-missions-"));
});
afterAll(async () => {
  await demo.stop();
  rmSync(folder, { recursive: true });
});
const HEADER = "operator;country;city;phone;email;type";
const GERMANY = "Germany;Armenia;Yerevan;+000 invented;mailto:invented@mission.example;embassy";
const FRANCE = "France;Georgia;Tbilisi;;;consulate general";
const FORBIDDEN = JSON.stringify({
  errors: [{ message: "no", extensions: { code: "FORBIDDEN" } }],
});
const ATLANTIS = "Atlantis;Georgia;Tbilisi;;;embassy";
function run(rows: string[], ...more: string[]) {
  const file = join(folder, "missions.csv");
  writeFileSync(file, [HEADER, ...rows].join("\n"));
  const whose = ["--organisation", "bridge", "--url", demo.url];
  return wayhouse(demo, "import", "missions", file, ...whose, ...more);
}
const contacts = async () => {
  const { data } = await demo.ask(
    "bridge",
    "{ consulateContacts(search: {}, first: 100) { edges { node { representing country locality documents programme } } } }",
  );
  return (
    data["consulateContacts"].edges as { node: { representing: string; programme: string } }[]
  )
    .map(({ node }) => node)
    .toSorted((a, b) => a.representing.localeCompare(b.representing));
};

describe("import missions", () => {
  it("makes drafts that say who stands where and not what is issued, and reads no phone and no mail", async () => {
    const planned = await run([GERMANY, FRANCE], "--dry-run");
    expect(planned.stdout).toContain("would be created  2 drafts");
    expect(await contacts()).toEqual([]);
    const { code, stdout, stderr } = await run([GERMANY, FRANCE, ATLANTIS]);
    expect([code, stderr]).toEqual([1, ""]);
    expect(stdout).toMatch(/^4 +operator +is no country of ISO 3166-1$/m);
    expect(stdout).not.toMatch(/invented/);
    const draft = { documents: [], programme: "ACTIVE" };
    expect(await contacts()).toEqual([
      { representing: "DE", country: "AM", locality: "Yerevan", ...draft },
      { representing: "FR", country: "GE", locality: "Tbilisi", ...draft },
    ]);
  });

  it("changes nothing the second time, pauses what has vanished and deletes nothing", async () => {
    const before = await countWrites(demo);
    expect((await run([GERMANY, FRANCE])).code).toBe(0);
    expect(await countWrites(demo)).toBe(before);
    const paused = await run([GERMANY]);
    expect(paused.stdout).toContain("paused  FR GE Tbilisi");
    expect((await contacts()).map(({ programme }) => programme)).toEqual(["ACTIVE", "PAUSED"]);
    await run([GERMANY, FRANCE]);
    expect((await contacts()).map(({ programme }) => programme)).toEqual(["ACTIVE", "ACTIVE"]);
    await run([GERMANY]);
    expect((await contacts()).map(({ programme }) => programme)).toEqual(["ACTIVE", "PAUSED"]);
    await run([GERMANY, FRANCE]);
    expect((await contacts()).map(({ programme }) => programme)).toEqual(["ACTIVE", "ACTIVE"]);
  });

  it("remembers what a run did that did not come to its end", async () => {
    const [SPAIN, ITALY] = ["Spain;Armenia;Gyumri;;;consulate", "Italy;Armenia;Gyumri;;;consulate"];
    let published = 0;
    const pass = async (request: IncomingMessage) => {
      const body = await text(request);
      if (body.includes("mutation Publish") && ++published > 1) return FORBIDDEN;
      const { authorization, accept } = request.headers;
      const typed = { "content-type": "application/json" };
      const headers = { authorization: authorization!, accept: accept!, ...typed };
      return (await fetch(demo.url, { method: "POST", headers, body })).text();
    };
    const front = createServer((request, response) => {
      void pass(request).then((answer) => response.end(answer));
    });
    const url = await serveGraph(front);
    expect(await run([GERMANY, FRANCE, SPAIN, ITALY], "--url", url)).toMatchObject({ code: 2 });
    front.closeAllConnections();
    front.close();
    expect((await contacts()).map(({ representing }) => representing)).toEqual(["DE", "ES", "FR"]);
    expect((await run([GERMANY, FRANCE])).stdout).toContain("paused  ES AM Gyumri");
  });

  it("remembers it nowhere else, whatever the server says that its caller is called", async () => {
    const { fetch } = globalThis;
    vi.stubGlobal("fetch", async (...call: Parameters<typeof fetch>) => {
      const told = await (await fetch(...call)).text();
      return new Response(told.replaceAll('"bridge"', '"x/../../elsewhere"'));
    });
    const { code, stderr } = await run([GERMANY]);
    vi.unstubAllGlobals();
    expect([code, stderr]).toEqual([2, "PROTOCOL: What the server answers is no organisation.\n"]);
    expect(existsSync(join(demo.dataDir, "elsewhere.json"))).toBe(false);
  });

  it("ends with 2 where the server's list of contacts never ends", async () => {
    const { fetch } = globalThis;
    let pages = 0;
    vi.stubGlobal("fetch", async (url: string, init: { readonly body: string }) => {
      if (!init.body.includes("query ConsulateContacts")) return fetch(url, init);
      const pageInfo = { hasNextPage: ++pages < 20, endCursor: `${pages}` };
      const edges = Array.from({ length: 10_000 }, () => ({ node: { organisation: {} } }));
      return Response.json({ data: { consulateContacts: { edges, pageInfo } } });
    });
    const { code, stderr } = await run([GERMANY]);
    vi.unstubAllGlobals();
    expect([code, stderr, pages]).toEqual([2, "The list has more than 100000 rows.\n", 11]);
  });

  it("ends with 2 on a file that is none", async () => {
    const file = join(folder, "other.csv");
    writeFileSync(file, "a;b\n1;2\n");
    for (const [path, message] of [
      [file, /no column operator/],
      [join(folder, "nothing.csv"), /ENOENT/],
    ] as const) {
      const { code, stderr } = await wayhouse(
        demo,
        "import",
        "missions",
        path,
        "--organisation",
        "bridge",
      );
      expect([code, message.test(stderr)]).toEqual([2, true]);
    }
  });
});
