import { ConfigError } from "../platform/config/errors.ts";
import { RegistryError } from "../platform/http/documents.ts";
import { ADMINISTRATION_COMMANDS } from "./administration.ts";
import { type Command, Stop } from "./command.ts";

interface Entry {
  readonly summary: string;
  load(): Promise<Command>;
}

/** A new command is one line here and one file beside, loaded when it is run. */
const COMMANDS: Readonly<Record<string, Entry>> = {
  serve: { summary: "Serve the API.", load: async () => (await import("./serve.ts")).serve },
  worker: {
    summary: "Run the jobs for servers that run none.",
    load: async () => (await import("./serve.ts")).worker,
  },
  migrate: { summary: "Bring the database to this version.", load: () => import("./migrate.ts") },
  doctor: {
    summary: "Check the installation, and say what to do.",
    load: () => import("./doctor.ts"),
  },
  found: { summary: "Found an empty network, once.", load: () => import("./found.ts") },
  "org new": {
    summary: "Make an organisation's keys and introduction.",
    load: () => import("./organisation-new.ts"),
  },
  token: { summary: "Sign an access token.", load: () => import("./token.ts") },
  "check-subgraph": {
    summary: "Find what a private subgraph would take over of the network's graph.",
    load: () => import("./check-subgraph.ts"),
  },
  keygen: { summary: "Make a key to seal or to sign.", load: () => import("./keygen.ts") },
  seal: { summary: "Seal a text to one organisation.", load: () => import("./seal.ts") },
  open: { summary: "Open what was sealed to you.", load: () => import("./open.ts") },
  "audit export": {
    summary: "Take the own audit chain out into a file.",
    load: () => import("./audit-export.ts"),
  },
  "audit verify": {
    summary: "Check such a file, offline.",
    load: () => import("./audit-verify.ts"),
  },
  "documents add": {
    summary: "Register documents, for a node that answers no others.",
    load: () => import("./documents-add.ts"),
  },
  "documents check": {
    summary: "Hold the registered documents against this version's schema.",
    load: () => import("./documents-check.ts"),
  },
  "import hmis": {
    summary: "Read shelters and beds from HUD HMIS CSV.",
    load: () => import("./import-hmis.ts"),
  },
  "import hsds": {
    summary: "Read shelters and beds from Open Referral HSDS 3.1.",
    load: () => import("./import-hsds.ts"),
  },
  "import missions": {
    summary: "Read drafts of consulate contacts from a list of diplomatic missions.",
    load: () => import("./import-missions.ts"),
  },
  "settle restore": {
    summary: "Make a database safe that was restored from a backup, before it is served.",
    load: () => import("./settle-restore.ts"),
  },
  ...Object.fromEntries(
    Object.entries(ADMINISTRATION_COMMANDS).map(([name, entry]) => [
      name,
      {
        summary: entry.summary,
        load: async () => (await import("./administer.ts")).administer(name, entry),
      },
    ]),
  ),
};

function help(): string {
  const names = Object.keys(COMMANDS);
  const width = Math.max(...names.map((name) => name.length));
  const lines = names.map((name) => `  ${name.padEnd(width)}  ${COMMANDS[name]!.summary}`);
  return [
    "usage: wayhouse <command> [options]      in a clone: npm run --silent wayhouse -- <command> [options]",
    "",
    ...lines,
    "",
    "<command> --help tells its options. Exit codes: 0 done; 1 done, but for what the report names;",
    "2 nothing could be done, or not to its end.",
    "",
    "Next, on an empty network: docs/administration-day.md. With the demo: wayhouse org list --organisation coordinator",
  ].join("\n");
}

async function run(args: readonly string[]): Promise<number> {
  const name = Object.keys(COMMANDS).find((known) =>
    known.split(" ").every((word, at) => args[at] === word),
  );
  const asksForHelp = args.some((arg) => arg === "--help" || arg === "-h");
  if (name === undefined) {
    if (asksForHelp) console.log(help());
    else console.error(`${args.length > 0 ? "There is no such command.\n" : ""}${help()}`);
    return asksForHelp ? 0 : 2;
  }
  const command = await COMMANDS[name]!.load();
  if (asksForHelp) {
    console.log(command.usage);
    return 0;
  }
  return command.run(args.slice(name.split(" ").length));
}

/** Each is a sentence of ours that says what to do. */
const TOLD = [ConfigError, RegistryError, Stop];

// A reader that closes early, such as `head`, has read what it wanted.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});
try {
  process.exitCode = await run(process.argv.slice(2));
} catch (error) {
  if (!TOLD.some((known) => error instanceof known)) throw error;
  console.error((error as Error).message);
  process.exitCode = 2;
}
