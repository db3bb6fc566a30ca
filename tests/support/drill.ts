import { randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { decodeJwt } from "jose";
import { seedDemo } from "../../src/platform/db/demo-network.ts";
import { tokenBy } from "./callers.ts";
import { type Member, must, plantCrowd, request, tokenFor } from "./crowd.ts";
import { type Cut, startCut } from "./cut.ts";
import { night } from "./demo.ts";
import { asSuperuser, type TestDatabase } from "./postgres.ts";
import { type ApiProcess, endApi, startApi } from "./processes.ts";
import { openStream, type Stream } from "./streams.ts";

export const LEVELS = ["token", "client", "organisation", "grant", "circle", "network"] as const;
export type Level = (typeof LEVELS)[number];

/** What one revocation let through, in milliseconds after its acknowledgement; -Infinity for nothing. */
export interface Outcome {
  readonly level: Level;
  /** The last answer that told what was taken back, on any process. */
  readonly query: number;
  /** The last event that a stream told. */
  readonly told: number;
  /** The moment that the last stream ended; a process that is stopped cannot end one. */
  readonly stream: number;
}
export interface Drill {
  readonly processes: readonly ApiProcess[];
  readonly apiUrl: string;
  readonly superuserUrl: string;
  /** Between the first process and the database. */
  readonly wire: Cut;
  /** Streams that stand, and requests answered so far. */
  readonly load: { streams: number; answered: number; refused: number; failed: string[] };
  /** Takes something back and watches what still passes, for as long as `during` takes. */
  revoke(level: Level, during: () => Promise<void>): Promise<Outcome>;
  stop(): Promise<void>;
}

const CROWD = 20;
const CLIENTS = 5;
const QUERY = `query ($search: BedSearch!) { viewer { organisation { handle } }
  bedAvailability(search: $search, first: 100) { edges { node { shelter { label } } } } }`;
const VARIABLES = { search: { country: "AM", checkIn: night(1), checkOut: night(3) } };

/** Three processes of this environment, twenty organisations that see harbour's beds by grants and bridge's by circles. */
export async function startDrill(
  database: TestDatabase,
  streams: number,
  requestsPerSecond: number,
  environment: NodeJS.ProcessEnv = {},
): Promise<Drill> {
  const dataDir = mkdtempSync(join(tmpdir(), "wayhouse-drill-"));
  await seedDemo({ ...database, dataDir });
  const sign = (organisation: string) => tokenBy(dataDir, organisation, "bot");
  const [coordinator, harbour, bridge] = await Promise.all(
    ["coordinator", "harbour", "bridge"].map(sign),
  );
  rmSync(dataDir, { recursive: true });
  const members = await asSuperuser(database.superuserUrl, (client) =>
    plantCrowd(client, CROWD, CLIENTS),
  );
  const { apiUrl } = database;
  const wire = await startCut(apiUrl);
  const start = (url: string) => startApi({ DATABASE_URL: url, SEED: "none", ...environment });
  const processes = await Promise.all([wire.url, apiUrl, apiUrl].map(start));
  // The steady one: what is written here is never cut off.
  const main = processes[2]!.url;
  const { id: host, stewardId } = await idsOf(main, harbour!, bridge!, coordinator!);
  const shelterId = await plantShelter(main, bridge!);
  const circles = await Promise.all(
    members.map(async (member) => {
      const memberIds = [member.id, ...host];
      const input = { name: member.handle, stewardId, memberIds };
      const { id } = await must(main, coordinator!, "createCircle", input);
      const grant = { circleId: id, scopes: ["BEDS_READ"] };
      await must(main, bridge!, "grantScopes", grant);
      return id as string;
    }),
  );
  const grant = async (member: Member): Promise<string> =>
    (
      await must(main, harbour!, "grantScopes", {
        organisationId: member.id,
        scopes: ["BEDS_READ"],
      })
    ).id;
  const grants = await Promise.all(members.map(grant));
  const tokens = await Promise.all(
    members.map((member, nth) => tokenFor(member, `c${nth % CLIENTS}`)),
  );

  const load: Drill["load"] = { streams: 0, answered: 0, refused: 0, failed: [] };
  const over = new AbortController();
  setMaxListeners(0, over.signal);
  const working = [
    ...Array.from({ length: streams }, (_, nth) =>
      keepStream(processes[nth % 3]!.url, tokens[nth % CROWD]!),
    ),
    ask(),
    stir(),
  ];

  /** Opened again whenever it ended, as a client does. */
  async function keepStream(url: string, token: string): Promise<void> {
    while (!over.signal.aborted) {
      try {
        const stream = await openStream(url, token);
        // Whoever was opened while all was ending would never be closed.
        if (stream.status === 200 && !over.signal.aborted) {
          load.streams++;
          over.signal.addEventListener("abort", () => void stream.close(), { once: true });
          await stream.ended;
          load.streams--;
        } else await stream.close();
      } catch {
        // Its process is cut off or stopped.
      }
      await sleep(100 + Math.random() * 200);
    }
  }
  async function ask(): Promise<void> {
    const begun = performance.now();
    const underWay = new Set<Promise<void>>();
    for (let nth = 0; !over.signal.aborted; nth++) {
      await sleep(Math.max(0, begun + (nth * 1_000) / requestsPerSecond - performance.now()));
      // Who stops answering is not asked by ever more.
      if (underWay.size > 300) continue;
      const one = request(processes[nth % 3]!.url, tokens[nth % CROWD]!, QUERY, VARIABLES)
        .then((answer) => {
          if (answer?.status === 200) load.answered++;
          else if (answer === null || answer.status === 401 || answer.status === 503)
            load.refused++;
          else load.failed.push(answer.text);
        })
        .finally(() => underWay.delete(one));
      underWay.add(one);
    }
    await Promise.all(underWay);
  }
  /** Events for whoever sees these beds. */
  async function stir(): Promise<void> {
    for (let nth = 0; !over.signal.aborted; nth++) {
      const input = { shelterId, from: night(1), until: night(2), outOfService: nth % 2 };
      await must(main, bridge!, "setBeds", input).catch(() => {});
      await sleep(250);
    }
  }

  async function planFor(level: Level, nth: number) {
    const member = members[nth]!;
    const shows = (text: string) =>
      level === "grant"
        ? text.includes("Pomegranate")
        : level !== "circle" || text.includes("Larch");
    if (level === "client") {
      const clientId = `victim-${randomUUID()}`;
      const registered = { clientId, kind: "BOT", scopes: ["BEDS_READ", "ORGANISATIONS_READ"] };
      const { id } = await must(main, tokens[nth]!, "registerClient", registered);
      const token = await tokenFor(member, clientId);
      const apply = () => must(main, tokens[nth]!, "revokeClient", { id });
      return { token, shows, apply, restore: async () => {} };
    }
    const token = await tokenFor(member, "c0");
    const status = (to: string) => () =>
      must(main, coordinator!, "setOrganisationStatus", {
        organisationId: member.id,
        status: to,
      });
    const network = (to: string) => () =>
      must(main, coordinator!, "setNetworkStatus", { status: to }, "");
    const circle = (memberIds: string[]) => () =>
      must(main, coordinator!, "setCircleMembers", {
        circleId: circles[nth],
        memberIds,
      });
    const again = async () => {
      await circle([member.id, ...host])();
      // Who joins later gets nothing until the owner gives it again.
      const input = { circleId: circles[nth], scopes: ["BEDS_READ"] };
      await must(main, bridge!, "grantScopes", input);
    };
    const ways: Record<
      Exclude<Level, "client">,
      [() => Promise<unknown>, () => Promise<unknown>]
    > = {
      token: [
        () =>
          must(main, tokens[nth]!, "revokeToken", {
            jti: decodeJwt(token).jti,
          }),
        async () => {},
      ],
      organisation: [status("SUSPENDED"), status("ACTIVE")],
      grant: [
        () => must(main, harbour!, "revokeGrant", { id: grants[nth] }),
        async () => void (grants[nth] = await grant(member)),
      ],
      circle: [circle(host), again],
      network: [network("LOCKED_DOWN"), network("ACTIVE")],
    };
    const [apply, restore] = ways[level];
    return { token, shows, apply, restore };
  }

  let turn = 0;
  return {
    processes,
    apiUrl,
    superuserUrl: database.superuserUrl,
    wire,
    load,
    async revoke(level, during) {
      const { token, shows, apply, restore } = await planFor(level, turn++ % CROWD);
      const watched = await Promise.all(processes.map(({ url }) => openStream(url, token)));
      const ends = watched.map((stream) => endOf(stream));
      let isWatching = true;
      const lastShown = processes.map(() => -Infinity);
      const watching = processes.map(async ({ url }, slot) => {
        while (isWatching) {
          const answer = await request(url, token, QUERY, VARIABLES);
          if (answer?.status === 200 && shows(answer.text)) lastShown[slot] = Date.now();
          await sleep(2);
        }
      });
      const until = Date.now() + 10_000;
      while (lastShown.includes(-Infinity)) {
        if (Date.now() > until) throw new Error(`${level}: what is to be taken back was not seen`);
        await sleep(5);
      }
      if (watched.some(({ status }) => status !== 200)) throw new Error(`${level}: no stream`);
      const happening = during();
      await apply();
      const since = Date.now();
      await Promise.all([happening, sleep(1_200)]);
      isWatching = false;
      await Promise.all(watching);
      const ended = await Promise.all(ends.map((end) => end()));
      await restore();
      const told = watched.flatMap(({ messages }) =>
        messages.filter(({ data }) => data?.data).map(({ at }) => at),
      );
      return {
        level,
        query: Math.max(...lastShown) - since,
        told: Math.max(...told) - since,
        stream: Math.max(...ended) - since,
      };
    },
    async stop() {
      over.abort();
      await Promise.all(working);
      await Promise.all(processes.map((process) => endApi(process)));
      await wire.stop();
    },
  };
}

/** When it ended, or Infinity if it has not; closes it. */
function endOf(stream: Stream): () => Promise<number> {
  let at = Infinity;
  void stream.ended.then(() => (at = Date.now()));
  return async () => {
    const ended = at;
    await stream.close();
    return ended;
  };
}

async function idsOf(url: string, ...tokens: string[]) {
  const ids = await Promise.all(
    tokens.map(async (token) => {
      const answer = await request(url, token, "{ viewer { organisation { id } } }");
      return JSON.parse(answer!.text).data.viewer.organisation.id as string;
    }),
  );
  return { id: ids, stewardId: ids.at(-1)! };
}

async function plantShelter(url: string, token: string): Promise<string> {
  const { id } = await must(url, token, "createShelter", {
    label: "Larch",
    country: "AM",
    locality: "Dilijan",
    kind: "HOTEL",
    features: [],
    beds: 6,
  });
  return id;
}
