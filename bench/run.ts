import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import pg from "pg";
import { startEmbedded } from "../src/platform/db/embedded/server.ts";
import { migrate } from "../src/platform/db/migrator.ts";
import { buildProgram } from "./build.ts";
import { bodyOf, lineOf, requestBytes, type Script } from "./load.ts";
import { measureSlice, type Slice, type Subject } from "./measure.ts";
import { type Network, seedNetwork, sizeOf } from "./network.ts";
import {
  comparable,
  FIRST_NIGHT,
  holdVariables,
  LAST_NIGHT,
  type OperationName,
  OPERATIONS,
  searchVariables,
} from "./operations.ts";
import { type Measured, reportOf } from "./report.ts";
import { measureStreams, type Streamed } from "./streams.ts";
import { startSubjects, startWayhouse } from "./subjects.ts";
import { costOfTokens, shareKept } from "./tokens.ts";

const HELP = `npm run bench -- [--quick] [--scale 10] [--connections 1,48] [--only Wayhouse,L]
                 [--operations search,inbox,hold,streams] [--json]

Measures Wayhouse against the limit of its machine, on a throw-away PostgreSQL with seeded data.
  --quick        5 rounds of 1 s instead of 15 of 2 s: minutes become one and a half
  --scale        so many times the data
  --connections  how many at once, separated by commas
  --only         these subjects and L, separated by commas
  --operations   these alone, separated by commas
  --json         every slice, instead of the tables`;

const { values: flags } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    scale: { type: "string", default: "1" },
    connections: { type: "string", default: "48,1" },
    only: { type: "string" },
    operations: { type: "string", default: [...Object.keys(OPERATIONS), "streams"].join() },
    json: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});
const CALLERS = 48;
/** Everything in memory, as on any server of its own; a parallel worker would escape the count. */
const SETTINGS = { shared_buffers: "1GB", max_parallel_workers_per_gather: "0" };
const only = flags.only?.split(",");
const wanted = flags.operations.split(",");
const NAMES = wanted.filter((name): name is OperationName => name in OPERATIONS);
const say = (line: string) => console.error(line);

async function main(): Promise<void> {
  if (flags.help) return console.log(HELP);
  const scale = Number(flags.scale);
  const dataDir = mkdtempSync(join(tmpdir(), "wayhouse-bench-"));
  const database = await startEmbedded({ dataDir, log: say, settings: SETTINGS });
  const ends: (() => Promise<void>)[] = [];
  try {
    await migrate(database);
    const superuserUrl = Object.assign(new URL(database.superuserUrl), {
      pathname: new URL(database.apiUrl).pathname,
    }).toString();
    say(`seeding ${JSON.stringify(sizeOf(scale))}`);
    const network = await seedNetwork(superuserUrl, sizeOf(scale));
    const observer = new pg.Client({ connectionString: superuserUrl });
    await observer.connect();
    ends.push(() => observer.end());
    // What the limit's inbox reads in order: ours are of what is live and of what has ended.
    await observer.query("create index on handoff (recipient_id, id)");
    const { programFolder, remove } = buildProgram();
    ends.push(async () => remove());
    const subjects = await startSubjects(
      programFolder,
      superuserUrl,
      database.apiUrl,
      (name) => name === "L" || !only || only.includes(name),
    );
    for (const { servers } of subjects) for (const one of servers) ends.push(() => one.stop());
    const callers = await signIn(observer, network);
    await refuseUnequal(subjects, callers, observer);
    const measured: Measured[] = [];
    for (const connections of flags.connections.split(",").map(Number))
      measured.push(...(await measureAll(observer, subjects, callers, connections)));
    const alone = subjects.find(({ name }) => name === "Wayhouse");
    if (alone) {
      for (const processes of [2, 4]) {
        const more = await startWayhouse(
          programFolder,
          database.apiUrl,
          processes - alone.servers.length,
        );
        for (const one of more.servers) ends.push(() => one.stop());
        const servers = [...alone.servers, ...more.servers];
        const fleet = { ...alone, name: `Wayhouse × ${processes}`, servers };
        for (const operation of NAMES)
          measured.push(await measureFew(observer, fleet, operation, callers));
        for (const one of more.servers) await one.stop();
      }
    }
    const streamed: Streamed[] = [];
    if (wanted.includes("streams")) {
      const { servers } = await startWayhouse(programFolder, database.apiUrl, 1);
      for (const one of servers) ends.push(() => one.stop());
      const [caller] = await callers();
      const script = scriptOf("hold", [caller!], servers[0]!.url);
      const write = () => script.requestOf(0);
      streamed.push(...(await measureStreams(observer, servers[0]!, caller!.headers, write)));
    }
    const kept = alone && NAMES.length > 0 ? await shareKept(alone.metrics!) : null;
    const tokens = { ...(await costOfTokens()), kept };
    const at = new Date().toISOString();
    const result = { at, flags, load: loadavg(), tokens, streamed, measured };
    console.log(flags.json ? JSON.stringify(result) : reportOf(result));
  } finally {
    for (const end of ends.toReversed()) await end().catch(() => {});
    await database.stop();
    rmSync(database.home, { recursive: true, force: true });
    rmSync(dataDir, { recursive: true, force: true });
  }
}

interface Caller {
  readonly headers: Record<string, string>;
  /** Where it may hold beds. */
  readonly shelters: readonly string[];
}

/** Tokens live fifteen minutes, and a full run nearly as long: they are made once for each load. */
async function signIn(observer: pg.Client, network: Network): Promise<() => Promise<Caller[]>> {
  const found: string[][] = [];
  for (let n = 1; n <= CALLERS; n++) {
    const { rows } = await observer.query<{ id: string }>(
      `select distinct s.id from sharing_reach r join shelter s on s.owner_id = r.owner_id
          and (r.country is null or r.country = s.country)
        join bed_night b on b.shelter_id = s.id
        where r.organisation_id = $1 and r.scope = 'beds:hold'
        group by s.id having max(b.out_of_service) < min(b.maximum) order by s.id`,
      [network.idOf(n)],
    );
    found.push(rows.map(({ id }) => id));
  }
  return () =>
    Promise.all(
      found.map(async (shelters, index) => ({
        shelters,
        headers: {
          authorization: `Bearer ${await network.tokenOf(index + 1)}`,
          "x-organisation": network.idOf(index + 1),
        },
      })),
    );
}

const isGraph = (target: URL) => target.pathname === "/graphql";

/** Reads are asked by one caller of many grants; each connection that writes is another organisation. */
function scriptOf(name: OperationName, callers: readonly Caller[], target: URL): Script {
  const { document: query, proof } = OPERATIONS[name];
  const address = isGraph(target) ? target : new URL(`/${name}`, target);
  const bytes = ({ headers }: Caller, variables: object) =>
    requestBytes(address, headers, JSON.stringify({ query, variables }));
  if (name === "hold") {
    const requestOf = (connection: number) => {
      const caller = callers[connection % callers.length]!;
      return bytes(caller, holdVariables(caller.shelters));
    };
    return { requestOf, proof };
  }
  const request = bytes(callers[0]!, name === "search" ? searchVariables() : {});
  return { requestOf: () => request, proof };
}

/** Everybody must tell the same, or the figures say nothing. */
async function refuseUnequal(
  subjects: readonly Subject[],
  signedIn: () => Promise<Caller[]>,
  observer: pg.Client,
): Promise<void> {
  const callers = await signedIn();
  for (const operation of NAMES) {
    let expected: string | undefined;
    for (const subject of subjects) {
      const { url } = subject.servers[0]!;
      const socket = connect({ host: url.hostname, port: Number(url.port) });
      const answer = await lineOf(socket)(
        scriptOf(operation, callers.slice(0, 1), url).requestOf(0),
      );
      socket.destroy();
      let told = JSON.stringify(comparable(bodyOf(answer)));
      if (operation === "hold") {
        told = told.replace(/"(id|expiresAt)":"[^"]+"/g, '"$1":"…"').replace(/partner-\d+/, "…");
      }
      expected ??= told;
      if (told !== expected)
        throw new Error(`${subject.name} tells another ${operation}:\n${told}\n${expected}`);
    }
  }
  await level(observer);
}

async function measureAll(
  observer: pg.Client,
  subjects: readonly Subject[],
  signedIn: () => Promise<Caller[]>,
  connections: number,
): Promise<Measured[]> {
  const seconds = flags.quick || connections === 1 ? 1 : 2;
  const rounds = flags.quick || connections === 1 ? 5 : 15;
  const measured: Measured[] = [];
  for (const operation of NAMES) {
    const callers = await signedIn();
    const slices = new Map<Subject, Slice[]>(subjects.map((one) => [one, []]));
    for (let round = 0; round < rounds; round++) {
      const turn = round % subjects.length;
      for (const subject of [...subjects.slice(turn), ...subjects.slice(0, turn)]) {
        const script = (target: URL) => scriptOf(operation, callers, target);
        const slice = await measureSlice(observer, subject, script, { connections, seconds });
        slices.get(subject)!.push(slice);
        if (operation === "hold") await level(observer);
      }
      say(`${operation} over ${connections}: round ${round + 1} of ${rounds}`);
    }
    for (const [{ name }, all] of slices)
      measured.push({ operation, connections, subject: name, slices: all });
  }
  return measured;
}

async function measureFew(
  observer: pg.Client,
  subject: Subject,
  operation: OperationName,
  signedIn: () => Promise<Caller[]>,
): Promise<Measured> {
  const callers = await signedIn();
  const slices: Slice[] = [];
  for (let round = 0; round < 3; round++) {
    const script = (target: URL) => scriptOf(operation, callers, target);
    slices.push(
      await measureSlice(observer, subject, script, { connections: CALLERS, seconds: 2 }),
    );
    if (operation === "hold") await level(observer);
  }
  return { operation, connections: CALLERS, subject: subject.name, slices };
}

/** Takes back every hold of the bench, so that the next slice finds what the last one found. */
async function level(observer: pg.Client): Promise<void> {
  const range = [FIRST_NIGHT, LAST_NIGHT + 2];
  await observer.query(
    "update bed_night set held = 0 where held > 0 and night between current_date + $1::integer and current_date + $2::integer",
    range,
  );
  await observer.query(
    "delete from bed_hold where ends_on between current_date + $1::integer and current_date + $2::integer",
    range,
  );
  await observer.query("truncate idempotency_record, audit_entry, event");
  await observer.query("vacuum bed_night, bed_hold, bed_stay");
}

await main();
