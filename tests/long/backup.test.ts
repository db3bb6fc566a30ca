import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { seedDemo } from "../../src/platform/db/demo-network.ts";
import { type EmbeddedServer, startEmbedded } from "../../src/platform/db/embedded/server.ts";
import { migrate } from "../../src/platform/db/migrator.ts";
import { codeOf } from "../support/demo.ts";
import { textsOf } from "../support/pages.ts";
import { asSuperuser } from "../support/postgres.ts";
import {
  ENVELOPES,
  openNode,
  plantForBackup,
  type RestorableNode,
  SEALED,
} from "../support/restored.ts";
import { emptyShell } from "../support/shell.ts";
import { type Standby, startStandby } from "../support/standby.ts";

/** Of PostgreSQL 18 or later: where no packages of the system bring them, a folder of them in PG_PROGRAMS. */
const PATH = [process.env["PG_PROGRAMS"], process.env["PATH"]].filter(Boolean).join(":");
const found = spawnSync("pg_dump", ["--version"], { env: { PATH }, encoding: "utf8" }).stdout ?? "";
const hasPrograms = Number(/\) (\d+)/.exec(found)?.[1] ?? 0) >= 18;

const [DUMP = "", RESTORE = "", SETTLE = ""] = textsOf("docs/backup.md", "sh");
let folder: string;
let keys: string;
let shell: ReturnType<typeof emptyShell>;
let server: EmbeddedServer;
let another: EmbeddedServer | undefined;
let copy: Standby;
let wasPurged: boolean;
const running: RestorableNode[] = [];

const rootOf = (url: string) => Object.assign(new URL(url), { pathname: "" }).href;
const inWayhouse = (url: string) => Object.assign(new URL(url), { pathname: "/wayhouse" }).href;
const type = async (text: string, environment: Readonly<Record<string, string>>) => {
  const variables = Object.entries({ PATH: `${PATH}:$PATH`, ...environment });
  const given = variables.map(([name, value]) => `export ${name}="${value}"\n`).join("");
  const told = await shell.type(given + text);
  expect(told.code, told.stderr).toBe(0);
  return told;
};
type Urls = Pick<EmbeddedServer, "superuserUrl" | "apiUrl" | "ownerUrl">;
function nodeOver(urls: Urls): RestorableNode {
  const node = openNode({ ...urls, superuserUrl: inWayhouse(urls.superuserUrl) }, keys);
  running.push(node);
  return node;
}
const dropDatabase = ({ superuserUrl }: Urls) =>
  asSuperuser(superuserUrl, (client) => client.query("drop database wayhouse"));

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "wayhouse-restore-"));
  shell = emptyShell({});
  keys = join(folder, "one");
  const settings = { synchronous_commit: "on" };
  server = await startEmbedded({ dataDir: keys, durable: false, settings, log: () => {} });
  await migrate(server);
  await seedDemo({ ...server, dataDir: keys });
  const node = nodeOver(server);
  await node.start();
  await node.addShelter("kept");
  await node.end();
  await plantForBackup(node);

  if (hasPrograms) await type(DUMP, { SUPERUSER_URL: rootOf(server.superuserUrl) });
  copy = await startStandby(server);
  await copy.caughtUp();
  await copy.kill();

  // Received and purged since.
  await node.start();
  await node.addShelter("undone");
  await node.inDatabase("delete from handoff_envelope");
  wasPurged = (await node.overdue()) === 0;
  await node.end();
}, 300_000);
afterAll(async () => {
  for (const node of running) await node.end();
  await copy?.stop();
  for (const one of [server, another]) {
    await one?.stop();
    if (one) rmSync(one.home, { recursive: true, force: true });
  }
  for (const one of [folder, shell.folder]) rmSync(one, { recursive: true, force: true });
});

/** What every way of restoring comes to, once it is settled. */
async function expectSettled(urls: Urls): Promise<void> {
  const node = nodeOver(urls);
  const { apiUrl, ownerUrl } = urls;
  const { stdout } = await type(SETTLE, { DATABASE_URL: apiUrl, DATABASE_OWNER_URL: ownerUrl });
  expect(stdout).toContain("Dropped 3 envelopes.");
  for (const table of ENVELOPES) expect(await node.inDatabase(`select from ${table}`)).toEqual([]);
  expect(wasPurged).toBe(true);
  expect(await node.overdue()).toBe(1);
  await node.start();
  expect(await node.overdue()).toBe(0);
  const handoff = "select handoff_status(h) as status from handoff h where id = $1";
  expect(await node.inDatabase(handoff, [SEALED])).toEqual([{ status: "EXPIRED" }]);

  const shelters = "{ shelters(first: 100) { edges { node { label } } } }";
  expect(codeOf(await node.ask("harbour", shelters))).toBe("UNAUTHENTICATED");
  const open = `mutation { setNetworkStatus(input: {idempotencyKey: "open-again", status: ACTIVE}) }`;
  expect((await node.ask("coordinator", open)).errors).toBeUndefined();
  const told = JSON.stringify(await node.ask("harbour", shelters));
  expect([told.includes("kept"), told.includes("undone")]).toEqual([true, false]);
  expect((await node.addShelter("new")).errors).toBeUndefined();
  const events = await node.ask("harbour", "{ events(first: 100) { edges { cursor } } }");
  expect(events.data["events"].edges.length).toBeGreaterThan(1);
  await node.end();
}

describe.skipIf(!hasPrograms)(`a dump (pg_dump here: ${found.trim() || "none"})`, () => {
  /** What a process that is to serve it says, and the doctor. */
  const refusalOf = async (urls: Urls) => {
    const node = nodeOver(urls);
    const served = node.start().then(() => "it is served");
    const told = await served.catch((error: unknown) => String(error));
    return told + node.wayhouse("doctor").stdout;
  };
  const REFUSAL = /ended \(1\).*wayhouse settle restore.*^wrong +restore: /ms;

  it("read in where it was made is not served, and then settled", async () => {
    await dropDatabase(server);
    await type(RESTORE, { SUPERUSER_URL: rootOf(server.superuserUrl) });
    expect(await refusalOf(server)).toMatch(REFUSAL);
    await expectSettled(server);
  });

  it("read in by another server is not served, and then settled", async () => {
    const dataDir = join(folder, "another");
    another = await startEmbedded({ dataDir, durable: false, log: () => {} });
    await dropDatabase(another);
    await asSuperuser(another.superuserUrl, (client) => client.query("drop role wayhouse_owner"));
    const [toRoles = "", toDatabase = ""] = RESTORE.split("\n");
    await type(toRoles, { SUPERUSER_URL: rootOf(another.superuserUrl) });
    const { port } = another;
    const at = (url: string) => Object.assign(new URL(url), { port }).href;
    const urls = {
      superuserUrl: at(server.superuserUrl),
      apiUrl: at(server.apiUrl),
      ownerUrl: at(server.ownerUrl),
    };
    await type(toDatabase, { SUPERUSER_URL: rootOf(urls.superuserUrl) });
    expect(await refusalOf(urls)).toMatch(REFUSAL);
    await expectSettled(urls);
  });
});

it("a physical copy is taken for the original, as a stand-by that takes over is, and then settled", async () => {
  await server.stop();
  await copy.start();
  await asSuperuser(copy.superuserUrl, (client) => client.query("select pg_promote()"));
  const { superuserUrl, apiUrl } = copy;
  const { port } = new URL(apiUrl);
  const ownerUrl = Object.assign(new URL(server.ownerUrl), { port }).href;
  const urls = { superuserUrl, apiUrl, ownerUrl };
  const told = await nodeOver(urls).inDatabase(
    "select home, awaits_settling() as awaits from network",
  );
  expect(told).toEqual([{ home: expect.stringMatching(/^\d+\.\d+$/), awaits: false }]);
  await expectSettled(urls);
});
