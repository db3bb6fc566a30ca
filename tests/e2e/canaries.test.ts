import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { dumpTables, findTraces, spellingsOf } from "../../src/cli/traces.ts";
import { seedDemo } from "../../src/platform/db/demo-network.ts";
import { type EmbeddedServer, startEmbedded } from "../../src/platform/db/embedded/server.ts";
import { migrate } from "../../src/platform/db/migrator.ts";
import { askAt } from "../support/callers.ts";
import type { Demo } from "../support/demo.ts";
import { accept, offer, openTo, step } from "../support/handoffs.ts";
import { envelopeFor, sealingKey } from "../support/keys.ts";
import { mutate } from "../support/mutate.ts";
import { asSuperuser } from "../support/postgres.ts";
import { endApi, startApi } from "../support/processes.ts";

const HANDOFFS = 500;
const AT_ONCE = 10;
/** Every canary begins with it: one search is a search for each. */
const SONG = `canary ${randomUUID()} sings`;
let dataDir: string;
let server: EmbeddedServer;

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "wayhouse-canaries-"));
  // All of it is written as ever: nobody waits for the disk, and nothing crashes here.
  const settings = { fsync: "off", synchronous_commit: "off" };
  server = await startEmbedded({ dataDir, settings, log: () => {} });
  await migrate(server);
  await seedDemo({ ...server, dataDir });
});
afterAll(async () => {
  await server?.stop();
  if (server) rmSync(server.home, { recursive: true, force: true });
  rmSync(dataDir, { recursive: true, force: true });
});

/** The API in a process of its own: this one knows the texts. */
async function startBlind() {
  const heaps = join(dataDir, "heaps");
  mkdirSync(heaps);
  const api = await startApi({
    DATABASE_URL: server.apiUrl,
    SEED: "none",
    NODE_OPTIONS: `--heapsnapshot-signal=SIGUSR2 --diagnostic-dir=${heaps}`,
  });
  return { api, heaps, ask: askAt(api.url, dataDir) };
}

/** Whoever writes one answers nobody meanwhile. */
async function untilWritten(folder: string, url: string): Promise<void> {
  await expect.poll(() => readdirSync(folder)).toHaveLength(1);
  const isAnswered = () =>
    fetch(new URL("/health/live", url)).then(
      ({ ok }) => ok,
      () => false,
    );
  await expect.poll(isAnswered).toBe(true);
}

it(
  "no text that was sealed lies in the database's files, its log of changes, the logs or the heap",
  { timeout: 240_000 },
  async () => {
    const { api, heaps, ask } = await startBlind();
    const demo = { ask, dataDir } as Demo;
    await openTo(ask, "lantern", ["harbour"]);
    const key = await sealingKey(demo, "harbour");
    const handOver = async (count: number) => {
      const { data } = await offer(ask, "lantern", ["harbour"]);
      const id = data["offerHandoff"].id as string;
      await accept(ask, "harbour", id);
      const what = { from: "lantern", to: "harbour", key, subject: id, text: `${SONG} ${count}` };
      const sealed = await mutate(
        ask,
        "lantern",
        "sealHandoff",
        { id, envelope: await envelopeFor(demo, what) },
        "{ ... on Handoff { status } }",
      );
      expect(sealed.data["sealHandoff"].status).toBe("ACCEPTED");
      // Some are received, some wait in the database, some are ended.
      if (count % 3 === 0) await step(ask, "harbour", "receiveHandoff", id);
      if (count % 3 === 1) await step(ask, "lantern", "withdrawConsent", id);
    };
    for (let count = 0; count < HANDOFFS; count += AT_ONCE)
      await Promise.all(Array.from({ length: AT_ONCE }, (_, nth) => handOver(count + nth)));
    // A text that does pass through the server, to show that the search sees what is there.
    const control = `control ${randomUUID()} sings`;
    const label = await ask(
      "harbour",
      `mutation { createShelter(input: { idempotencyKey: "control-shelter", label: "${control}", country: AM,
      locality: "Yerevan", kind: HOSTEL, features: [], beds: 1 }) { label } }`,
    );
    expect(label.data["createShelter"].label).toBe(control);
    api.child.kill("SIGUSR2");
    await untilWritten(heaps, api.url);
    writeFileSync(join(heaps, "api.log"), api.log());
    const url = Object.assign(new URL(server.superuserUrl), { pathname: "/wayhouse" }).toString();
    const dump = await asSuperuser(url, dumpTables);
    expect(dump).toContain(control);
    expect(dump.length).toBeGreaterThan(500_000);
    writeFileSync(join(heaps, "dump.txt"), dump);
    await endApi(api);
    await server.stop();
    expect(findTraces(server.home, control)).not.toEqual([]);
    expect(findTraces(heaps, control)).not.toEqual([]);
    expect([...findTraces(server.home, SONG), ...findTraces(heaps, SONG)]).toEqual([]);
  },
);

it("the search finds a text that lies there zipped", () => {
  const folder = mkdtempSync(join(tmpdir(), "wayhouse-traces-"));
  const zipped = gzipSync("a long song of a canary in a cage".repeat(9));
  writeFileSync(
    join(folder, "file"),
    // Behind three bytes that look like the beginning of it.
    Buffer.concat([Buffer.from([0x1f, 0x8b, 0x08]), zipped, Buffer.from("y")]),
  );
  expect(findTraces(folder, "canary in a cage").join()).toContain("(gzip)");
  rmSync(folder, { recursive: true });
});

it.each(["UTF-8", "UTF-16", "hex", "base64 at 0", "base64 at 1", "base64 at 2"])(
  "the search finds a text that lies there as %s",
  (spelling) => {
    const folder = mkdtempSync(join(tmpdir(), "wayhouse-traces-"));
    const planted = spellingsOf("canary in a cage").get(spelling)!;
    writeFileSync(
      join(folder, "file"),
      Buffer.concat([Buffer.from("xx"), planted, Buffer.from("y")]),
    );
    expect(findTraces(folder, "canary in a cage").join()).toContain(`(${spelling})`);
    rmSync(folder, { recursive: true });
  },
);
