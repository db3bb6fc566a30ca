import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { fileURLToPath } from "node:url";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

export interface Server {
  readonly url: URL;
  readonly pid: number;
  stop(): Promise<void>;
}

/** A server in a process of its own, on a free port; it says "serves <url>" once it listens, or ours where in its log. */
export async function startServer(file: string, env: Record<string, string>): Promise<Server> {
  const loader = file.endsWith(".ts") ? ["--import", "tsx"] : [];
  const child: ChildProcess = spawn(process.execPath, [...loader, file], {
    cwd: ROOT,
    env: { PATH: process.env["PATH"], NODE_ENV: "production", PORT: "0", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let told = "";
  const url = await new Promise<string>((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      told += chunk.toString();
      const [, served, logged] =
        /serves (http:\S+)|"event":"serving","address":"([^"]+)"/.exec(told) ?? [];
      if (logged) resolve(`${logged}/graphql`);
      else if (served) resolve(served);
    };
    child.stdout!.on("data", hear);
    child.stderr!.on("data", hear);
    child.once("close", (code) => reject(new Error(`${file} ended (${code}): ${told}`)));
  });
  return {
    url: new URL(url),
    pid: child.pid!,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const closed = once(child, "close");
      child.kill("SIGTERM");
      await closed;
    },
  };
}

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** CPU that a process has used since it began, all its threads, in microseconds. */
export function cpuOf(pid: number): number {
  let nanoseconds = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      nanoseconds += Number(
        readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0],
      );
    } catch {
      // The thread has ended meanwhile.
    }
  }
  return nanoseconds / 1000;
}

/** Resident memory, MiB. */
export function memoryOf(pid: number): number {
  const kib = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kib) / 1024;
}
