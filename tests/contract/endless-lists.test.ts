import { expect, it } from "vitest";
import { findOwn } from "../../src/cli/own-shelters.ts";
import type { Client } from "../../src/client/index.ts";

it.each(["HMIS-1-1", "Elm"])(
  "shelters %s without end stop what looks for its own",
  async (label) => {
    let told = 0;
    async function* endless() {
      while (told < 200_000) yield { label: `${label}${++told}` };
    }
    const api = { all: () => endless() } as unknown as Client;
    await expect(findOwn(api, "HMIS-")).rejects.toThrow("The list has more than 100000 rows.");
    expect(told).toBe(100_001);
  },
);
