import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

export interface Cut {
  /** Where the database is, through the wire that can be cut. */
  readonly url: string;
  /** Nothing passes any more, in neither direction, and no connection is closed. */
  cut(): void;
  mend(): void;
  stop(): Promise<void>;
}

export async function startCut(databaseUrl: string): Promise<Cut> {
  const script = fileURLToPath(new URL("wire.ts", import.meta.url));
  const wire = spawn(process.execPath, ["--import", "tsx", script, databaseUrl], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const [port] = (await once(createInterface(wire.stdout), "line")) as [string];
  return {
    url: Object.assign(new URL(databaseUrl), { port }).toString(),
    cut: () => void wire.kill("SIGSTOP"),
    mend: () => void wire.kill("SIGCONT"),
    async stop() {
      const closed = once(wire, "close");
      wire.kill("SIGKILL");
      await closed;
    },
  };
}
