import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { expect, it } from "vitest";

it("npm run demo plays a handoff from the first request to the last, and finds no trace of the file", async () => {
  const child = spawn(process.execPath, ["--import", "tsx", "src/cli/demo.ts"], {
    env: { PATH: process.env["PATH"] },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "close");
  const [told, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  expect([await ended, errors]).toEqual([[0, null], ""]);
  for (const line of [
    /Both accept at once\. (bridge|coordinator) was first/,
    /holds 3 of \d free beds/,
    /The server's copy is gone/,
    /The next request into Armenia is stopped/,
    /searched for the case file in ten spellings and unzipped: nothing\. A control text is found in [1-9]/,
  ]) {
    expect(told).toMatch(line);
  }
  expect(told).not.toContain("Anahit");
});
