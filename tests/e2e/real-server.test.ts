import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EmbeddedServer, startEmbedded } from "../../src/platform/db/embedded/server.ts";
import { askAt } from "../support/callers.ts";
import { asSuperuser } from "../support/postgres.ts";
import { type ApiProcess, endApi, startApi, startFromSource } from "../support/processes.ts";

let dataDir: string;
let server: EmbeddedServer;
const compose = readFileSync("docker-compose.yml", "utf8");
const image = readFileSync("Dockerfile", "utf8");
const PATHS = process.env["PATH"];
/** As docker-compose.yml says it, but at the server of this test and with passwords that look half encoded. */
const urlOf = (variable: string) => {
  const written = new RegExp(`${variable}: (\\S+)`).exec(compose)?.[1];
  const url = Object.assign(new URL(written ?? ""), { hostname: "127.0.0.1", password: "a%" });
  url.port = String(server.port);
  return url.toString();
};

beforeAll(async () => {
  dataDir = mkdtempSync(join(tmpdir(), "wayhouse-real-"));
  server = await startEmbedded({ dataDir, durable: false, log: () => {} });
  await asSuperuser(server.superuserUrl, async (client) => {
    await client.query("drop database wayhouse");
    await client.query("drop role wayhouse_owner");
    const statements = readFileSync("docker/create-database.sql", "utf8").replaceAll(/--.*/g, "");
    for (const statement of statements.split(";")) await client.query(statement);
    await client.query("alter role wayhouse_owner password 'a%'");
  });
});
afterAll(async () => {
  await server?.stop();
  if (server) rmSync(server.home, { recursive: true, force: true });
  rmSync(dataDir, { recursive: true, force: true });
});

const viewer = (url: string) =>
  askAt(url, dataDir)("lantern", "{ viewer { organisation { handle } } }");

/** The exit code of what the image runs to know whether the process in it is well. */
async function checked(process: ApiProcess) {
  const [, written = ""] = /HEALTHCHECK[^\n]*\n *CMD (\[.*\])\n/.exec(image) ?? [];
  const [command, ...args] = JSON.parse(written) as string[];
  const { port } = new URL(process.operations());
  const check = spawn(command!, args, { env: { PATH: PATHS, METRICS_PORT: port } });
  return (await once(check, "close"))[0] as number;
}

describe("a server of one's own, as docker-compose.yml brings it", () => {
  it("is migrated and seeded at first, served again as it is, and by the API's role alone", async () => {
    const environment = {
      DATABASE_URL: urlOf("DATABASE_URL"),
      DATABASE_OWNER_URL: urlOf("DATABASE_OWNER_URL"),
      SEED: /SEED: (\w+)/.exec(compose)?.[1],
      DATA_DIR: dataDir,
      METRICS_PORT: "0",
    };
    const { DATABASE_URL, METRICS_PORT } = environment;
    const here = Object.assign(new URL(server.superuserUrl), { pathname: "/wayhouse" }).toString();
    const { rows } = await asSuperuser(here, (client) => client.query("select lower('ŁÓDŹ')"));
    expect(rows).toEqual([{ lower: "łódź" }]);
    for (const start of [
      () => startFromSource(environment),
      () => startApi(environment),
      () => startApi({ DATABASE_URL, SEED: "none", METRICS_PORT }),
    ]) {
      const api = await start();
      expect(await viewer(api.url)).toEqual({
        data: { viewer: { organisation: { handle: "lantern" } } },
      });
      expect(await checked(api)).toBe(0);
      expect(await endApi(api)).toBe(0);
    }
  });

  it("is worked for by a process that the image's health check knows as well", async () => {
    const environment = { DATABASE_URL: urlOf("DATABASE_URL"), METRICS_PORT: "0" };
    const worker = await startApi(environment, "worker");
    expect(await checked(worker)).toBe(0);
    expect(await endApi(worker)).toBe(0);
    expect(await checked(worker)).toBe(1);
  });

  it("is refused as superuser, as its owner, and where it is not migrated", async () => {
    const at = (url: string) => Object.assign(new URL(url), { pathname: "/wayhouse" }).toString();
    const superuser = startApi({ DATABASE_URL: at(server.superuserUrl) });
    await expect(superuser).rejects.toThrow(/ended \(1\).*is a superuser/s);
    const owner = startApi({ DATABASE_URL: urlOf("DATABASE_OWNER_URL") });
    await expect(owner).rejects.toThrow(/ended \(1\).*may create roles/s);
    const empty = startApi({
      DATABASE_URL: urlOf("DATABASE_URL").replace(/wayhouse$/, "postgres"),
    });
    await expect(empty).rejects.toThrow(/ended \(1\).*The database lacks 0001_create_context/s);
  });

  it("is named by variables that the API knows", () => {
    const config = readFileSync("src/platform/config/config.ts", "utf8");
    const named = [
      ...compose.matchAll(/^ {6}(?!POSTGRES_)([A-Z_]+):/gm),
      ...image.matchAll(/([A-Z_]+)=\S+/g),
    ].map(([, name]) => name!);
    expect(named).toContain("DATABASE_OWNER_URL");
    for (const name of named) expect(config).toContain(`${name}:`);
  });
});
