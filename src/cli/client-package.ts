import { readFileSync, writeFileSync } from "node:fs";

/** Of all that the server needs, what is imported behind these doors: a test installs them with nothing else. */
const DOORS = ["./audit", "./client", "./operations", "./sealing"];
const DEPENDENCIES = ["eventsource-parser", "jose", "zod"];

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, Readonly<Record<string, string>>>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly engines: object;
}

/** `npm run pack:client`: writes the package.json of the package for those who run no server, the same doors by the same name. */
const { name, version, exports, dependencies, engines } = JSON.parse(
  readFileSync("package.json", "utf8"),
) as Manifest;
const doorTo = (door: string) => {
  const { types, default: code } = exports[door]!;
  return [door, { types, default: code }] as const;
};
const manifest = {
  name,
  version,
  private: true,
  description: "The client of Wayhouse: calls, events, key logs, sealing, audit chains.",
  type: "module",
  sideEffects: false,
  files: ["dist"],
  exports: Object.fromEntries(DOORS.map(doorTo)),
  dependencies: Object.fromEntries(DEPENDENCIES.map((one) => [one, dependencies[one]])),
  engines,
};
writeFileSync("dist-client/package.json", `${JSON.stringify(manifest, null, 2)}\n`);
