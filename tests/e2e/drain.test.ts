import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import { type Answer, type Demo, startDemo } from "../support/demo.ts";
import { waiting } from "../support/held-up.ts";
import { mutationOf } from "../support/mutate.ts";
import { type ApiProcess, endApi, startApi } from "../support/processes.ts";
import { followStream } from "../support/streams.ts";

let demo: Demo;
let keeper: pg.Client;
beforeAll(async () => {
  demo = await startDemo();
  keeper = new pg.Client({ connectionString: demo.database.superuserUrl });
  await keeper.connect();
});
// What a test that failed has locked, the next one is not to wait for.
afterEach(() => keeper.query("rollback"));
afterAll(async () => {
  await keeper?.end();
  await demo?.stop();
});

const start = (environment: NodeJS.ProcessEnv = {}) =>
  startApi({
    DATABASE_URL: demo.database.apiUrl,
    // More than the writes that are made to wait.
    DATABASE_CONNECTIONS: "10",
    SEED: "none",
    METRICS_PORT: "0",
    ...environment,
  });

const WRITE = mutationOf("createShelter", "{ label }");

/** A write that waits where `hold` has locked. */
async function write(url: string, label: string): Promise<Response> {
  const token = await demo.token("harbour", ["beds:manage", "beds:read"]);
  const fields = { country: "AM", locality: "Yerevan", kind: "HOSTEL", features: [], beds: 1 };
  const input = { idempotencyKey: randomUUID(), label, ...fields };
  return fetch(url, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify({ query: WRITE, variables: { input } }),
  });
}
const WRITES = 3;
const labels = (prefix: string) => Array.from({ length: WRITES }, (_, nth) => `${prefix} ${nth}`);

/** Keeps shelters from being written, once nobody writes one any more. */
async function hold(): Promise<void> {
  await keeper.query("begin");
  await keeper.query("lock table shelter in share mode");
}
const release = () => keeper.query("commit");

/** Of a process that has answered before: each waits five seconds for a lock at most. */
async function inFlight(api: ApiProcess, prefix: string) {
  const ready = new URL("/health/ready", api.url);
  await Promise.all(labels("").map(async () => (await fetch(ready)).text()));
  await hold();
  const answers = Promise.allSettled(labels(prefix).map((label) => write(api.url, label)));
  await waiting(keeper, WRITES);
  return { answers };
}
const written = async (prefix: string) => {
  const { rows } = await keeper.query<{ count: number }>(
    "select count(*)::integer as count from shelter where starts_with(label, $1)",
    [prefix],
  );
  return rows[0]!.count;
};

it("what is under way is answered, streams end whole, what comes anew is refused, and the exit code is 0", async () => {
  const api = await start();
  const stream = await followStream(api.url, await demo.token("harbour", ["beds:read"]));
  const { answers } = await inFlight(api, "drained");
  const exit = endApi(api);
  await expect.poll(() => api.log()).toContain("draining signal=SIGTERM");
  await expect.poll(async () => (await fetch(`${api.operations()}/health/ready`)).status).toBe(503);
  expect((await fetch(`${api.operations()}/health/live`)).status).toBe(200);
  await expect(write(api.url, "too late")).rejects.toThrow("fetch failed");
  // Not cut off, and not waited for: it is told to go on elsewhere after its last cursor.
  await stream.ended;
  expect(stream.messages.map(({ event, data }) => [event, data?.errors])).toEqual([
    ["complete", undefined],
  ]);
  await release();
  for (const result of await answers) {
    const answer = result.status === "fulfilled" ? result.value : null;
    expect(answer?.headers.get("connection")).toBe("close");
    expect(((await answer!.json()) as Answer).data["createShelter"].label).toMatch(/^drained/);
  }
  expect(await exit).toBe(0);
  expect(await written("drained")).toBe(WRITES);
  expect(await written("too late")).toBe(0);
  expect(api.log()).toContain("stopped");
});

it("for the seconds of notice it says that it is not ready, and serves; then it waits for nobody who asks nothing", async () => {
  const noticed = async (seconds: number) => {
    const api = await start({ DRAIN_NOTICE_SECONDS: String(seconds), DRAIN_SECONDS: "600" });
    const { hostname, port } = new URL(api.url);
    const open = () => connect(Number(port), hostname).on("error", () => {});
    const [silent, halting] = [open(), open()];
    await Promise.all([once(silent, "connect"), once(halting, "connect")]);
    halting.write("POST /graphql HTTP/1.1\r\nhost:");
    const exit = endApi(api);
    const ready = new URL("/health/ready", api.url);
    await expect.poll(async () => (await fetch(ready)).status).toBe(503);
    const title = "This process drains: ask another one.";
    expect(await (await fetch(ready)).json()).toMatchObject({ title });
    const answer = await write(api.url, `in notice of ${seconds}`);
    expect([answer.status, answer.headers.get("connection")]).toEqual([200, "close"]);
    expect(await exit).toBe(0);
    expect(await written(`in notice of ${seconds}`)).toBe(1);
  };
  // Where the machine is too busy to ask anything in it, it is longer.
  await noticed(2).catch(() => noticed(20));
});

it("a notice that leaves nothing of the time in all is refused", async () => {
  await expect(start({ DRAIN_NOTICE_SECONDS: "25" })).rejects.toThrow(
    "DRAIN_NOTICE_SECONDS must be",
  );
});

it.each([
  ["HOST", "192.0.2.1", "Nothing can listen there (EADDRNOTAVAIL): HOST and PORT"],
  ["NODE_KEY_FILE", "/sys/none/key.json", "cannot be used (E"],
])(
  "a start that fails by %s says what is at fault, and never the database",
  async (name, value, told) => {
    await expect(start({ [name]: value })).rejects.toThrow(told);
  },
);

it("a process is not ready while its database takes no writes, as a stand-by does", async () => {
  const api = await start();
  const setReadOnly = async (to: string) => {
    const { rows } = await keeper.query<{ name: string }>("select current_database() as name");
    await keeper.query(`alter database ${rows[0]!.name} set default_transaction_read_only = ${to}`);
    await keeper.query(
      "select pg_terminate_backend(pid, 30000) from pg_stat_activity where datname = $1 and pid <> pg_backend_pid()",
      [rows[0]!.name],
    );
  };
  const ready = () => fetch(new URL("/health/ready", api.url));
  const status = async () => (await ready()).status;
  expect(await status()).toBe(200);
  await setReadOnly("on");
  // The first ones may find that their connection is gone.
  for (let asked = 0; asked < 20; asked++) expect(await status()).toBe(503);
  const title = "The database cannot be reached, or takes no writes.";
  expect(await (await ready()).json()).toMatchObject({ title });
  await setReadOnly("off");
  await expect.poll(status).toBe(200);
  expect(await endApi(api)).toBe(0);
});

it("whoever read its log may be gone: it drains as ever", async () => {
  const api = await start();
  api.child.stderr!.destroy();
  expect(await endApi(api)).toBe(0);
});

it("what is not answered in time is cut off, said so, and leaves nothing behind", async () => {
  const api = await start({ DRAIN_SECONDS: "1" });
  const { answers } = await inFlight(api, "cut off");
  expect(await endApi(api)).toBe(1);
  expect(api.log()).toContain(`drain cut off requests=${WRITES}`);
  expect((await answers).map(({ status }) => status)).toEqual(labels("").map(() => "rejected"));
  await release();
  // Before it has the lock, what waited for it is committed or undone.
  await hold();
  expect(await written("cut off")).toBe(0);
  await release();
});

it("a second signal ends the process at once", async () => {
  const api = await start();
  const { answers } = await inFlight(api, "impatient");
  const exit = endApi(api);
  await expect.poll(() => api.log()).toContain("draining signal=SIGTERM");
  await sleep(1_100);
  api.child.kill("SIGTERM");
  expect(await exit).toBe(1);
  await release();
  await answers;
});

it("a fault that nobody caught ends the process, and nothing is told of what it says", async () => {
  const fault =
    "process.on('SIGUSR2', () => Promise.reject(Object.assign(new Error('canary'), { detail: 'canary' })))";
  const api = await start({
    NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(fault)}`,
  });
  expect(await endApi(api, "SIGUSR2")).toBe(1);
  expect(api.log()).toContain("crashed error=Error");
  expect(api.log()).not.toContain("canary");
});
