import { it } from "vitest";
import { expectBedsKept } from "../support/beds-kept.ts";

const ATTEMPTS = 10_000;

it(
  `no bed is promised twice and no hold lost by ${ATTEMPTS} attempts while each process is killed`,
  { timeout: 600_000 },
  () => expectBedsKept(ATTEMPTS),
);
