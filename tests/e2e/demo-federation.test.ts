import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { expect, it } from "vitest";

it("npm run demo:federation shows handoff, beds and case to their owner, and the case to nobody else", async () => {
  const child = spawn(process.execPath, ["--import", "tsx", "examples/partner/demo.ts"], {
    env: { PATH: process.env["PATH"] },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "close");
  const [told, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  expect([await ended, errors]).toEqual([[0, null], ""]);
  const [query, own, sender, network] = told.split(/\n\n(?=lantern's|bridge,)/);
  expect(query).toContain("case { code stage notes }");
  expect(own).toMatch(/"status": "ACCEPTED"[\s\S]*"status": "HELD"[\s\S]*"code": "Heron-7"/);
  expect(sender).toMatch(/"status": "ACCEPTED"[\s\S]*"case": null/);
  expect(network).toContain('Cannot query field \\"case\\"');
  expect(`${sender}${network}`).not.toContain("Heron");
});
