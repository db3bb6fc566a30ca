import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { stringify } from "yaml";
import { CreateShelter } from "../../src/client/index.ts";
import { demoIssuer } from "../../src/platform/auth/demo-keys.ts";
import { startBalancer } from "./balancer.ts";
import { nightsInDisorder } from "./bed-laws.ts";
import {
  allConfirmed,
  effectsOf,
  fileOf,
  holdOne,
  instructionsFor,
  offerOne,
  PATIENCE_MS,
  readFiles,
  settled,
  startSender,
} from "./bot-sender.ts";
import { AUDIENCE, type Demo, idOf, startDemo } from "./demo.ts";
import { openTo } from "./handoffs.ts";
import { shelter } from "./holds.ts";
import { clientOf, openDesk } from "./partners.ts";
import { asSuperuser } from "./postgres.ts";
import { startFleet } from "./processes.ts";
import { drawFrom } from "./random.ts";
import { p256 } from "./sealing.ts";

const MOST_PEOPLE = 3;
const INSTRUCTIONS = "Come after dusk, and ring twice.";

/** The bot in a process of its own, and everything that all of its lives have told. */
function superviseBot(config: string) {
  const told: string[] = [];
  const silent: string[] = [];
  let log = "";
  let isOver = false;
  let again: NodeJS.Timeout | undefined;
  let child: ChildProcess;
  const start = () => {
    const source = ["--conditions=wayhouse-source", "--import", "tsx"];
    child = spawn(process.execPath, [...source, "examples/handoff-bot/main.ts", config], {
      env: { PATH: process.env["PATH"] },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let rest = "";
    child.stdout!.on("data", (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split("\n");
      rest = lines.pop()!;
      told.push(...lines);
    });
    child.stderr!.on("data", (chunk: Buffer) => (log += chunk.toString()));
    child.once("exit", (code, signal) => {
      // One that gives up says why, with this code.
      if (signal !== "SIGKILL" && code !== 1) silent.push(`${code ?? signal}`);
      if (!isOver) again = setTimeout(start, 100);
    });
  };
  start();
  return {
    told,
    silent,
    log: () => log,
    kill: () => void child.kill("SIGKILL"),
    async stop() {
      isOver = true;
      clearTimeout(again);
      if (child.exitCode !== null || child.signalCode !== null) return;
      const exited = once(child, "exit");
      child.kill("SIGKILL");
      await exited;
    },
  };
}

/** harbour's bot, set up in a folder as its README tells; the private half of the archive key is not in it. */
async function setUpBot(demo: Demo, url: string) {
  const folder = mkdtempSync(join(tmpdir(), "wayhouse-bot-"));
  const lantern = await openDesk(demo, "lantern", ["harbour"]);
  const harbour = await openDesk(demo, "harbour", ["lantern"]);
  const archive = p256();
  const { d: _, ...archiveKey } = archive;
  const write = (name: string, content: string | object) =>
    writeFileSync(
      join(folder, name),
      typeof content === "string" ? content : JSON.stringify(content),
      { mode: 0o600 },
    );
  mkdirSync(join(folder, "keys"));
  write("keys/sign.json", harbour.own.signingKey);
  write("keys/seal.json", harbour.own.sealingKeys[0]!);
  write("keys/archive.json", archiveKey);
  const organisation = {
    issuer: demoIssuer("harbour"),
    client: "bot",
    identity: harbour.thumbprint,
    signingKey: "keys/sign.json",
    sealingKeys: ["keys/seal.json"],
    archiveKey: "keys/archive.json",
  };
  const rules = {
    countries: ["AM"],
    mostPeople: MOST_PEOPLE,
    needs: ["SHELTER", "INTERPRETING"],
    priorities: ["EMERGENCY", "URGENT"],
  };
  const node = { url, audience: AUDIENCE };
  const partners = [lantern.thumbprint];
  const instructions = { Pomegranate: INSTRUCTIONS };
  write(
    "bot.yaml",
    stringify({ node, organisation, folder: "kept", partners, rules, instructions }),
  );
  return { folder, archive, lantern, harbour };
}

export interface Drill {
  readonly handoffs: number;
  /** Over which they are offered. */
  readonly seconds: number;
  readonly processes: number;
  /** Of the bot and of API processes, spread over the time. */
  readonly botKills: number;
  readonly apiKills: number;
}

/** Everything stopped afterwards, whatever happened; what failed first is told. */
export async function drillBot(drill: Drill) {
  const ends: (() => unknown)[] = [];
  const failures: unknown[] = [];
  const noted = (error: unknown): undefined => void failures.push(error);
  const result = await playDrill(drill, (end) => void ends.unshift(end)).catch(noted);
  for (const end of ends) await Promise.resolve(end()).catch(noted);
  if (!result || failures.length > 0) throw failures[0];
  return result;
}

async function playDrill(drill: Drill, atEnd: (end: () => unknown) => void) {
  const { handoffs, seconds, processes, botKills, apiKills } = drill;
  const demo = await startDemo();
  atEnd(() => demo.stop());
  const fleet = await startFleet(demo.database.apiUrl, processes);
  atEnd(() => fleet.stop());
  const any = () => Math.floor(Math.random() * processes);
  const balancer = await startBalancer(() => fleet.urlOf(any()));
  atEnd(() => balancer.stop());
  const { folder, archive, lantern, harbour } = await setUpBot(demo, balancer.url);
  atEnd(() => rmSync(folder, { recursive: true }));
  const ask: Demo["ask"] = (...call) => demo.ask(...call);
  await openTo(ask, "lantern", ["harbour"]);
  const large = { label: "Sorb", country: "AM", locality: "Dilijan", kind: "HOSTEL" } as const;
  await harbour.client.run(CreateShelter, { input: { ...large, features: [], beds: 4_000 } });
  const [candidate, pomegranate] = [await idOf(ask, "harbour"), await shelter(ask, "Pomegranate")];
  const bot = superviseBot(join(folder, "bot.yaml"));
  atEnd(() => bot.stop());
  const ours = { ...demo, url: balancer.url };
  const client = await clientOf(ours, "lantern", { patienceMs: PATIENCE_MS });
  const sender = startSender(client, lantern.partners, harbour.thumbprint);
  atEnd(() => sender.stop());

  const endsAt = Date.now() + seconds * 1_000;
  let isOver = false;
  atEnd(() => void (isOver = true));
  const paced = async (count: number, act: (at: number) => unknown) => {
    for (let at = 0; at < count; at++) {
      await sleep(Math.max(0, (endsAt - Date.now()) / (count - at)));
      if (isOver) return;
      await act(at);
    }
  };
  const offers = new Map<string, boolean>();
  const holds: string[] = [];
  const draw = drawFrom(handoffs);
  const offering = paced(handoffs, async (at) => {
    const [id, isWanted] = await offerOne(client, candidate, draw, MOST_PEOPLE);
    offers.set(id, isWanted);
    const held = at % 5 === 0 ? await holdOne(client, pomegranate, draw) : null;
    if (held) holds.push(held);
  });
  const killing = [paced(botKills, () => bot.kill()), paced(apiKills, () => fleet.kill(any()))];
  const settling = async () => {
    await Promise.all([offering, ...killing]);
    const statuses = await settled(client, [...offers.keys()]);
    await allConfirmed(harbour.client);
    const texts = await instructionsFor(client, lantern.partners, harbour.thumbprint, holds);
    return { statuses, texts };
  };
  // Longer than one thing is waited for; where it all takes for ever, this still says how far it came.
  const late = new AbortController();
  atEnd(() => late.abort());
  const mostMs = seconds * 1_000 + 2 * PATIENCE_MS;
  const tooLate = sleep(mostMs, undefined, { signal: late.signal }).then(() => {
    throw new Error(`not settled within ${mostMs / 1_000} seconds`);
  });
  const { statuses, texts } = await Promise.race([settling(), sender.failed, tooLate]).catch(
    (cause: unknown) => {
      const last = (text: string) => text.split("\n").slice(-40).join("\n");
      const lives = `The bot told:\n${last(bot.told.join("\n"))}\nIts log:\n${last(bot.log())}`;
      throw new Error(`${lives}\nThe API's:\n${last(fleet.logs())}`, { cause });
    },
  );
  await sender.stop();
  await bot.stop();
  const found = await asSuperuser(demo.database.superuserUrl, async (db) => ({
    ...(await effectsOf(db)),
    disorder: await nightsInDisorder(db),
  }));
  const files = await readFiles(join(folder, "kept", "files"), archive);
  const { told, log } = bot;
  expectEachOnce({ offers, statuses, holds, texts, files, told, ...found, fallen: fleet.fallen });
  expect(bot.silent).toEqual([]);
  expect(fleet.logs()).not.toContain("Warning");
  const declined = [...statuses.values()].filter((status) => status === "REJECTED").length;
  const failures = log().match(/^\w*(?:Error|CallFailed).*$/gm) ?? [];
  return {
    handoffs: statuses.size,
    declined,
    files: files.size,
    instructed: holds.length,
    failures,
  };
}

interface Done {
  /** By id: whether the bot's rules take it. */
  readonly offers: ReadonlyMap<string, boolean>;
  readonly statuses: ReadonlyMap<string, string>;
  readonly holds: readonly string[];
  readonly texts: readonly string[];
  readonly files: ReadonlyMap<string, string>;
  readonly told: readonly string[];
  readonly fallen: readonly string[];
  readonly effects: readonly { action: string; id: string; count: number }[];
  readonly ownHolds: readonly { status: string; count: number }[];
  readonly disorder: readonly unknown[];
}

/** None lost, none accepted twice, no bed held twice, every file opened once, whatever was killed. */
function expectEachOnce(done: Done): void {
  const { offers, effects, files, told } = done;
  const wanted = [...offers].filter(([, isWanted]) => isWanted).map(([id]) => id);
  const expected = [...offers].map(([id, isWanted]) => [id, isWanted ? "IN_PROGRESS" : "REJECTED"]);
  expect([...done.statuses]).toEqual(expected);
  expect(files).toEqual(new Map(wanted.map((id) => [id, fileOf(id)])));
  const opened = told.filter((line) => line.startsWith("opened "));
  expect(new Set(opened).size).toBe(opened.length);
  expect(effects.filter(({ count }) => count > 1)).toEqual([]);
  const countOf = (name: string) => effects.filter(({ action }) => action === name).length;
  expect(countOf("acceptHandoff")).toBe(wanted.length);
  expect(countOf("receiveHandoff")).toBe(wanted.length);
  expect(countOf("rejectHandoff")).toBe(offers.size - wanted.length);
  expect(countOf("sendInstructions")).toBe(done.holds.length);
  expect(done.texts).toEqual(done.holds.map(() => INSTRUCTIONS));
  expect(done.ownHolds).toEqual([{ status: "CONFIRMED", count: countOf("confirmBedHold") }]);
  expect(done.disorder).toEqual([]);
  expect(done.fallen).toEqual([]);
}
