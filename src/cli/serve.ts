import type { Command } from "./command.ts";

const CONFIGURATION = `It is configured by its environment: HOST, PORT, DATA_DIR, NODE_KEY_FILE, DATABASE_URL,
DATABASE_OWNER_URL, SEED, AUDIENCE, METRICS_PORT and others; what is wrong is named at the start.`;

/** The program of src/main.ts, which reads from its arguments what it is and ends the process itself. */
const program = async () => {
  await import("../main.ts");
  return new Promise<never>(() => {});
};

export const serve: Command = {
  usage: `usage: wayhouse serve

Serves the API until it is asked to stop, as \`npm start\` does.
${CONFIGURATION}

Example:  SEED=none wayhouse serve
Next:     wayhouse doctor

Exit codes: 0 drained; 1 it could not start, or cut requests off.`,
  run: program,
};

export const worker: Command = {
  usage: `usage: wayhouse worker

Runs the jobs for servers that have JOBS=none, on their DATABASE_URL, as \`npm run worker\` does.
${CONFIGURATION}

Example:  wayhouse worker
Next:     the log tells of each job; METRICS_PORT shows them as numbers.

Exit codes: 0 ended; 1 it could not start.`,
  run: program,
};
