import { join } from "node:path";
import type { Subject } from "./measure.ts";
import { AUDIENCE } from "./network.ts";
import { freePort, startServer } from "./process.ts";

/** Each server that is measured, as a process of its own. */
export async function startSubjects(
  programFolder: string,
  superuserUrl: string,
  apiUrl: string,
  isWanted: (name: string) => boolean,
): Promise<Subject[]> {
  const named = (url: string, application_name: string) =>
    Object.assign(new URL(url), { search: new URLSearchParams({ application_name }) }).toString();
  const peer = async (name: string, file: string, url: string): Promise<Subject> => ({
    name,
    application: name,
    servers: [await startServer(file, { DATABASE_URL: named(url, name) })],
  });
  const starts: Record<string, () => Promise<Subject>> = {
    L: () => peer("L", "bench/servers/limit.ts", superuserUrl),
    "L again": () => peer("L again", "bench/servers/limit.ts", superuserUrl),
    "guarded limit": () => peer("guarded limit", "bench/servers/guarded.ts", apiUrl),
    Wayhouse: () => startWayhouse(programFolder, apiUrl, 1),
    Mercurius: () => peer("Mercurius", "bench/servers/mercurius.ts", superuserUrl),
    "resolver a field": () => peer("resolver a field", "bench/servers/resolvers.ts", superuserUrl),
  };
  const subjects: Subject[] = [];
  for (const [name, start] of Object.entries(starts))
    if (isWanted(name)) subjects.push(await start());
  return subjects;
}

export async function startWayhouse(
  programFolder: string,
  apiUrl: string,
  processes: number,
): Promise<Subject> {
  // The clock belongs to a worker: it would run in some slices and not in others.
  // One client of the load asks for what many do.
  const unbounded = {
    CLIENT_REQUESTS_PER_SECOND: "1000000",
    ORGANISATION_REQUESTS_PER_SECOND: "1000000",
    SEARCHES_PER_MINUTE: "1000000",
    HOLDS_PER_HOUR: "1000000",
    OFFERS_PER_HOUR: "1000000",
  };
  const env = { DATABASE_URL: apiUrl, SEED: "none", JOBS: "none", AUDIENCE, ...unbounded };
  const port = await freePort();
  const servers = await Promise.all(
    Array.from({ length: processes }, (_, index) =>
      startServer(join(programFolder, "main.js"), {
        ...env,
        ...(index === 0 && { METRICS_PORT: String(port) }),
      }),
    ),
  );
  const metrics = new URL(`http://127.0.0.1:${port}/metrics`);
  return { name: "Wayhouse", application: "wayhouse", servers, metrics };
}
