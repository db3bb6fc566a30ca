import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { decodeId } from "../../src/kernel/ids.ts";
import { DEMO_ORGANISATIONS } from "../../src/platform/auth/demo-keys.ts";
import { seedDemo } from "../../src/platform/db/demo-network.ts";
import { startEmbedded } from "../../src/platform/db/embedded/server.ts";
import { migrate } from "../../src/platform/db/migrator.ts";
import { tokenBy } from "./callers.ts";
import { request } from "./crowd.ts";
import { type Demo, idOf, type Organisation, serveToo } from "./demo.ts";
import { SEARCH, search } from "./holds.ts";
import { mutate } from "./mutate.ts";
import { asSuperuser } from "./postgres.ts";
import { startStandby } from "./standby.ts";

export type Replicated = Awaited<ReturnType<typeof startReplicated>>;
export type Served = Omit<Demo, "database">;

/** The demo network on a primary and a streaming replica of its own, behind two processes that read from both. */
export async function startReplicated() {
  const dataDir = mkdtempSync(join(tmpdir(), "wayhouse-replica-"));
  // A stand-by is sent what the primary has flushed.
  const settings = { synchronous_commit: "on" };
  const primary = await startEmbedded({ dataDir, durable: false, settings, log: () => {} });
  await migrate(primary);
  await seedDemo({ ...primary, dataDir });
  const standby = await startStandby(primary);
  const serve = (readUrl = standby.apiUrl) =>
    serveToo({ database: primary, dataDir }, {}, { readUrl });
  const both = await Promise.all([serve(), serve()]);
  const first = both[0]!;
  const ids = {} as Record<Organisation, string>;
  for (const one of DEMO_ORGANISATIONS) ids[one] = await idOf(first.ask, one);
  const superuserUrl = (of: { readonly superuserUrl: string }) =>
    Object.assign(new URL(of.superuserUrl), { pathname: "/wayhouse" }).toString();
  const counted = (served: Served, outcome: string) =>
    served.measured(`wayhouse_replica_reads_total{outcome="${outcome}"}`);

  /** Free beds by label, or the code of the refusal; and who answered. */
  async function found(served: Served, token: string, more: object = {}) {
    const before = await counted(served, "answered");
    const answered = await request(served.url, token, SEARCH, { search: { ...search, ...more } });
    const { data, errors } = JSON.parse(answered!.text);
    const answer: object | string = errors
      ? errors[0].extensions.code
      : Object.fromEntries(data.bedAvailability.edges.map(entryOf));
    const isReplica = (await counted(served, "answered")) > before;
    return { answer, by: isReplica ? "replica" : "primary" };
  }

  /** Once the replica is the one that answers it. */
  async function foundOnReplica(served: Served, token: string, more?: object) {
    await standby.caughtUp();
    for (let waits = 0; waits < 200; waits++) {
      const { answer, by } = await found(served, token, more);
      if (by === "replica") return answer;
      await sleep(50);
    }
    throw new Error("the replica never answered");
  }
  /** While nothing of the primary arrives at the replica. */
  async function paused(work: () => Promise<void>): Promise<void> {
    await standby.pause();
    try {
      await work();
    } finally {
      await standby.resume();
    }
  }
  async function write(
    organisation: Organisation,
    field: string,
    input: object,
    selection = "{ __typename }",
  ) {
    const ask: Demo["ask"] = (...call) => first.ask(...call);
    const { data, errors } = await mutate(ask, organisation, field, input, selection);
    if (errors) throw new Error(errors[0]!.message);
    return data[field];
  }
  async function stop(): Promise<void> {
    for (const served of both) await served.stop();
    await standby.stop();
    await primary.stop();
    rmSync(primary.home, { recursive: true, force: true });
    rmSync(dataDir, { recursive: true, force: true });
  }

  return {
    primary,
    standby,
    serve,
    both,
    first,
    ids,
    counted,
    found,
    foundOnReplica,
    paused,
    write,
    stop,
    /** Of the database on either. */
    superuserUrl,
    tokenOf: (organisation: Organisation, client = "bot") => tokenBy(dataDir, organisation, client),
    /** On the primary. */
    pastEveryWall: (text: string, values: readonly unknown[] = []) =>
      asSuperuser(superuserUrl(primary), (client) => client.query(text, [...values])),
    uuidOf: (organisation: Organisation) => decodeId(ids[organisation])!.uuid,
  };
}

interface Edge {
  readonly node: {
    readonly band: string;
    readonly beds: number | null;
    readonly shelter: { readonly label: string };
  };
}
const entryOf = ({ node }: Edge) => [node.shelter.label, node.beds ?? node.band] as const;
