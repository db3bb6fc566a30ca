import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Demo } from "./demo.ts";

const network = readFileSync("schema/network.graphql", "utf8");

/** A mutation's document; what its input is called, the schema says. */
export function mutationOf(field: string, selection = "{ id }"): string {
  const [, input] = new RegExp(`^  ${field}\\(input: (\\w+!)\\)`, "m").exec(network)!;
  return `mutation ($input: ${input}) { ${field}(input: $input) ${selection} }`;
}

/** Under a key of its own, unless the input has one. */
export const mutate = (
  ask: Demo["ask"],
  by: string,
  field: string,
  input: object,
  selection?: string,
) => ask(by, mutationOf(field, selection), { input: { idempotencyKey: randomUUID(), ...input } });
