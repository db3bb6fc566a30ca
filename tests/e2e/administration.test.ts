import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { describeCommands } from "../../src/cli/commands.ts";
import { type Demo, PUBLIC_URL, startDemo } from "../support/demo.ts";
import { meddle } from "../support/handoffs.ts";
import { environmentOf, typed } from "../support/wayhouse.ts";

let demo: Demo;
let folder: string;
let environment: Record<string, string>;
const home = process.cwd();
beforeAll(async () => {
  demo = await startDemo();
  folder = mkdtempSync(join(tmpdir(), "wayhouse-administration-"));
  environment = {
    ...environmentOf(demo),
    DATABASE_URL: demo.database.apiUrl,
    DATABASE_OWNER_URL: demo.database.ownerUrl,
  };
  cpSync("tests/fixtures/hmis", join(folder, "hmis-export"), { recursive: true });
  cpSync("examples/partner/cases.graphql", join(folder, "cases.graphql"));
  process.chdir(folder);
  writeFileSync("missions.csv", "operator,country,city,type\nGermany,Armenia,Yerevan,embassy\n");
  writeFileSync("services.json", JSON.stringify({ services: [] }));
  writeFileSync("letter", "ring twice");
});
afterAll(async () => {
  process.chdir(home);
  rmSync(folder, { recursive: true, force: true });
  await demo.stop();
});

/** As a shell takes a line apart, in this process: a new one for each would take minutes. */
async function type(line: string, more: Record<string, string> = {}) {
  const [, call = "", into] = /^(?:wayhouse )?(.*?)(?: > (\S+))?$/.exec(line)!;
  const env = { ...process.env, ...environment, ...more };
  const words = execFileSync("bash", ["-c", `printf '%s\\0' ${call}`], { encoding: "utf8", env });
  const told = await typed({ ...environment, ...more }, words.split("\0").slice(0, -1));
  if (into !== undefined) writeFileSync(into, told.stdout);
  return told;
}

const commands = await describeCommands();
const exampleOf = (name: string) =>
  /^Example: {2}(.*)$/m.exec(commands.find((one) => one.name === name)!.usage)![1]!;

/** They end a process, or found or lock down a network: other tests run them as they stand there. */
const ELSEWHERE = ["serve", "worker", "found", "settle restore", "settle node-key"];
/** In an order in which each finds what it needs. */
const FIRST =
  "migrate,doctor,token,org new,check-subgraph,keygen,keys publish,keys list,seal,open,keys retire,documents add,documents check,import hmis,import hsds,import missions,audit export,audit verify";

describe("every example of --help does what it says, on the demo", () => {
  const all = commands.map(({ name }) => name);
  const first = FIRST.split(",");
  const rest = all.filter((name) => !first.includes(name) && !ELSEWHERE.includes(name));

  it("there is one of every command", () => {
    expect([...first, ...rest, ...ELSEWHERE].toSorted()).toEqual(all.toSorted());
  });

  it.each([...first, ...rest])("%s", async (name) => {
    const ids: Record<string, string> = {
      SENDER: "S".repeat(43),
      RECIPIENT: "R".repeat(43),
      ID: "hold",
    };
    if (name === "seal") await type("keygen --use sign --out sender.json > sender.public.json");
    if (name === "grants revoke") {
      const grants = await type("grants list GIVEN --organisation harbour --json");
      ids["GRANT"] = (JSON.parse(grants.stdout) as { id: string }[])[0]!.id;
    }
    const { code, stdout, stderr } = await type(exampleOf(name), ids);
    // Of the fixture some rows cannot be taken.
    expect({ code, stderr }).toMatchObject({
      code: name === "import hmis" ? 1 : 0,
      stderr: expect.not.stringContaining("rror"),
    });
    expect(stdout + stderr).not.toBe("");
  });
});

describe("the wrong actor", () => {
  it.each([
    [
      "a client without the scope",
      "clients register x --kind BOT --scopes beds:read --organisation lantern --client dashboard",
      /FORBIDDEN/,
    ],
    [
      "an organisation that is no network admin registers nobody",
      "org scopes lantern --scopes beds:read --organisation harbour",
      /FORBIDDEN/,
    ],
    [
      "a client that is not registered",
      "whoami --organisation lantern --client nobody",
      /UNAUTHENTICATED/,
    ],
    [
      "a stranger's handle names nobody",
      "grants give outsider --scopes beds:read --organisation harbour",
      /You see no organisation outsider/,
    ],
    [
      "nobody gives what it lacks",
      "clients register y --kind BOT --scopes network:admin --organisation lantern",
      /scopes/,
    ],
  ])("%s", async (_, line, sentence) => {
    const { code, stdout, stderr } = await type(line);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(sentence);
  });

  it("another's live grant is not there, and stays in force", async () => {
    const scopes = "--scopes beds:read --countries GE --json";
    const given = await type(`grants give lantern ${scopes} --organisation harbour`);
    const { id } = JSON.parse(given.stdout) as { id: string };
    for (const stranger of ["lantern", "coordinator"]) {
      const { code, stderr } = await type(`grants revoke ${id} --organisation ${stranger}`);
      expect([code, stderr], stranger).toEqual([2, expect.stringContaining("NOT_FOUND")]);
    }
    const { stdout } = await type("grants list GIVEN --organisation harbour --json");
    const grants = JSON.parse(stdout) as { id: string; revokedAt: string | null }[];
    expect(grants.find((grant) => grant.id === id)).toMatchObject({ revokedAt: null });
    expect((await type(`grants revoke ${id} --organisation harbour`)).code).toBe(0);
  });

  it("states nothing of another's keys, nor of its own by another identity", async () => {
    await type("keygen --use seal --out next.json > next.public.json");
    await type("org new stranger --issuer https://stranger.example");
    const publish = "keys publish next.json --use seal --organisation harbour";
    const stranger = await type(`${publish} --identity stranger/identity.json`);
    expect(stranger).toMatchObject({ code: 2, stdout: "" });
    expect(stranger.stderr).toContain("is not the identity key that you are registered with");
    const before = await type("keys list --organisation harbour --json");
    expect(JSON.parse(before.stdout)).toMatchObject({ keys: [] });
    const { stdout } = await type(`${publish} --json`);
    const { kid } = JSON.parse(stdout) as { kid: string };
    const retired = await type(`keys retire ${kid} --organisation lantern`);
    expect(retired).toMatchObject({ code: 2, stderr: expect.stringContaining("NOT_FOUND") });
    const after = await type("keys list --organisation harbour --json");
    expect(JSON.parse(after.stdout)).toMatchObject({ keys: [{ kid, use: "SEAL" }] });
  });

  it("a log is held against the thumbprint that was read out, not against the server's word", async () => {
    const { stdout } = await type("whoami --organisation harbour --json");
    const { organisation } = JSON.parse(stdout) as {
      organisation: { identityThumbprint: string };
    };
    const listed = `keys list ${organisation.identityThumbprint} --organisation lantern --json`;
    const told = JSON.parse((await type(listed)).stdout) as { isCompared: boolean };
    expect(told.isCompared).toBe(true);
    const unread = await type("keys list harbour --organisation lantern");
    expect(unread.stdout).toContain("compare it out of band");
  });

  it("a log that was kept is held against what it was: cut short, written anew or another's, it is named", async () => {
    const own = "--organisation harbour";
    const file = "harbour.kept";
    const listed = (name: string) =>
      type(`keys list ${name} --organisation lantern --keep ${file} --json`);
    expect((await listed("harbour")).code).toBe(0);
    await type("keygen --use seal --out late.json > late.public.json");
    await type(`keys publish late.json --use seal ${own}`);
    const { stdout } = await listed("harbour");
    const { entries } = JSON.parse(stdout) as { entries: number };
    const kept = readFileSync(file, "utf8");
    expect(JSON.parse(kept)).toMatchObject({ lastSequence: entries });
    const others = await listed("lantern");
    expect([others.code, JSON.parse(others.stdout)]).toEqual([
      1,
      { fault: "THUMBPRINT_MISMATCH", message: `What ${file} keeps is of another identity.` },
    ]);
    const last = `organisation_id = (select id from organisation where handle = 'harbour') and`;
    await meddle(demo, `delete from key_log_entry where ${last} sequence = ${entries}`);
    const short = await listed("harbour");
    expect([short.code, short.stdout]).toEqual([1, expect.stringContaining("LOG_ROLLED_BACK")]);
    // Another statement for the same place.
    await type("keygen --use seal --out other.json > other.public.json");
    const again = await type(`keys publish other.json --use seal ${own}`);
    expect(again).toMatchObject({ code: 2, stderr: expect.stringContaining("signed before") });
    await type(`keys publish other.json --use seal ${own} --instead true`);
    const forked = await listed("harbour");
    expect([forked.code, forked.stdout]).toEqual([1, expect.stringContaining("LOG_FORKED")]);
    expect(readFileSync(file, "utf8")).toBe(kept);
    writeFileSync(file, JSON.stringify({ ...JSON.parse(kept), lastHash: 7 }));
    const unusable = await listed("harbour");
    expect(unusable).toMatchObject({ code: 2, stderr: expect.stringContaining("holds no pin") });
  });
});

it("whoami tells all that a client may do, and nothing that it may not", async () => {
  const { stdout } = await type("whoami --organisation harbour --json");
  const { scopes } = JSON.parse(stdout) as { scopes: string[] };
  expect(scopes).toEqual(expect.arrayContaining(["CLIENTS_MANAGE", "SHARING_MANAGE"]));
  expect(scopes).not.toContain("NETWORK_ADMIN");
});

it("a name that is a folder's and the demo's is nobody's, until one says which", async () => {
  await type("org new lantern --issuer https://lantern.example");
  const both = await type("whoami --organisation lantern");
  expect(both).toMatchObject({ code: 2, stdout: "" });
  expect(both.stderr).toContain("write ./lantern for the folder");
  const folder = await type("whoami --organisation ./lantern");
  expect(folder.stderr).toContain("UNAUTHENTICATED");
  rmSync("lantern", { recursive: true });
  expect((await type("whoami --organisation lantern")).code).toBe(0);
});

it("a folder that `org new` made is enough to import beds and to take out one's chain", async () => {
  const desk = "--kind DASHBOARD --scopes organisations:read,beds:read,beds:manage";
  await type(`clients register desk ${desk} --organisation orchard`);
  const unit = { id: "u", name: "Beds" };
  const address = { address_1: "1 Invented Way", city: "Vanadzor", country: "AM" };
  const service = {
    id: "aaaaaaaa-0000-4000-8000-000000000001",
    name: "An invented night shelter",
    status: "active",
    service_at_locations: [{ location: { addresses: [address] } }],
    capacities: [{ id: "x", unit, available: 6, maximum: 6 }],
  };
  writeFileSync("orchard.services.json", JSON.stringify({ services: [service] }));
  const line = "import hsds orchard.services.json --organisation orchard --client desk --json";
  const { code, stdout } = await type(line);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ created: [expect.stringContaining("6 beds")] });
  expect(JSON.parse((await type(line)).stdout)).toMatchObject({ unchanged: ["HSDS-aaaaaaaa"] });
  const chain = await type("audit export --organisation orchard --out orchard.jsonl --json");
  expect(JSON.parse(chain.stdout)).toMatchObject({ file: "orchard.jsonl", findings: [] });
  expect((await type("audit verify orchard.jsonl")).code).toBe(0);
});

it("a client that must prove that it holds its key administers with --prove, at the public URL alone", async () => {
  const scopes = "--scopes organisations:read,clients:manage --require-dpop true";
  await type(`clients register prover --kind ADMIN ${scopes} --organisation harbour`);
  const line = "whoami --organisation harbour --client prover";
  expect(await type(line)).toMatchObject({ code: 2, stderr: expect.stringContaining("UNAUTHENT") });
  const real = fetch;
  const proxy: typeof fetch = (url, init) =>
    real(String(url instanceof Request ? url.url : url).replace(PUBLIC_URL, demo.url), init);
  vi.stubGlobal("fetch", proxy);
  const proved = await type(`${line} --url ${PUBLIC_URL} --prove --json`);
  const elsewhere = await type(`${line} --prove`);
  vi.unstubAllGlobals();
  expect(JSON.parse(proved.stdout)).toMatchObject({ client: { clientId: "prover" } });
  expect(elsewhere.code).toBe(2);
});

it("the same --key has one effect, and --json is the API's answer", async () => {
  const line =
    "clients register twice --kind BOT --scopes beds:read --require-dpop true --organisation harbour --key twice-and-once --json";
  const [first, second] = [await type(line), await type(line)];
  const twice = { clientId: "twice", scopes: ["BEDS_READ"], requireDpop: true };
  expect(JSON.parse(first.stdout)).toMatchObject(twice);
  expect(second).toEqual(first);
  const misspelt = line.replace("dpop true", "dpop yes");
  const refused = await type(misspelt);
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain("--require-dpop must be true or false");
});

it("tells the key of what may have been done, and the same again with it has one effect", async () => {
  const line = "circles create twins --members harbour --organisation coordinator";
  const { fetch } = globalThis;
  const lost = JSON.stringify({ errors: [{ message: "no", extensions: { code: "INTERNAL" } }] });
  vi.stubGlobal("fetch", async (...call: Parameters<typeof fetch>) => {
    const answered = await fetch(...call);
    const body = call[1]?.body;
    const isWrite = typeof body === "string" && body.includes("mutation");
    return isWrite ? new Response(lost) : answered;
  });
  const failed = await type(line);
  vi.unstubAllGlobals();
  expect(failed.code).toBe(2);
  const [, key] = /^It may have been done: .* --key (\S+) has one effect\.$/m.exec(failed.stderr)!;
  expect(await type(`${line} --key ${key}`)).toMatchObject({ code: 0 });
  const { stdout } = await type("circles list --organisation coordinator");
  expect(stdout.match(/twins/g)).toHaveLength(1);
});

it.each([
  [
    "countries",
    'grants give lantern --scopes beds:read --countries "$UNSET" --organisation bridge',
  ],
  ["until", 'grants give lantern --scopes beds:read --until "$UNSET" --organisation bridge'],
  ["checkpoint", 'audit verify chain.jsonl --checkpoint "$UNSET"'],
])("takes an empty --%s for no option that was left out", async (option, line) => {
  const { code, stderr } = await type(line);
  expect([code, stderr.split("\n", 1)[0]]).toEqual([
    2,
    `--${option} is empty: leave it out, or say what it is.`,
  ]);
});
