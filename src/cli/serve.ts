import type { Command } from "./command.ts";
import { optionsOf } from "./options.ts";

const CONFIGURATION = `It is configured by its environment: HOST, PORT, DATA_DIR, NODE_KEY_FILE, DATABASE_URL,
DATABASE_OWNER_URL, SEED, AUDIENCE, METRICS_PORT and others (docs/operations.md); what is wrong is named at
the start.

  --json  the log as JSON, one object a line, and nothing else is told; so it is with NODE_ENV=production`;

/** The program of src/main.ts, which reads from its arguments what it is and ends the process itself. */
const program = (usage: string) => async (args: readonly string[]) => {
  optionsOf(args, usage);
  await import("../main.ts");
  return new Promise<never>(() => {});
};

const SERVE = `usage: wayhouse serve [--json]

Serves the API until it is asked to stop, as \`npm start\` does.
${CONFIGURATION}

Example:  SEED=none wayhouse serve
Next:     wayhouse doctor`;

export const serve: Command = {
  usage: SERVE,
  exits: { 0: "drained", 1: "it could not start, or cut requests off", 2: "unusable options" },
  run: program(SERVE),
};

const WORKER = `usage: wayhouse worker [--json]

Runs the jobs for servers that have JOBS=none, on their DATABASE_URL, as \`npm run worker\` does.
${CONFIGURATION}

Example:  wayhouse worker
Next:     the log tells of each job; METRICS_PORT shows them as numbers.`;

export const worker: Command = {
  usage: WORKER,
  exits: { 0: "drained", 1: "it could not start", 2: "unusable options" },
  run: program(WORKER),
};
