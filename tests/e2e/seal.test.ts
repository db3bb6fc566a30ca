import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { program } from "../support/wayhouse.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "wayhouse-seal-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string) => join(folder, name);

async function wayhouse(input: string, ...args: string[]) {
  const child = spawn(process.execPath, [program(), ...args], {
    env: { PATH: process.env["PATH"] },
    stdio: ["pipe", "pipe", "pipe"],
  });
  child.stdin.on("error", () => {});
  child.stdin.end(input);
  const ended = once(child, "close");
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: (await ended)[0] as number, stdout, stderr };
}
async function keygen(use: "seal" | "sign", name: string) {
  const made = await wayhouse("", "keygen", "--use", use, "--out", file(name));
  writeFileSync(file(`${name}.public`), made.stdout);
  return made;
}

describe("keygen, seal and open", () => {
  it("keep the private half to themselves, and open to what was sealed", async () => {
    const made = await keygen("seal", "mine");
    await keygen("sign", "theirs");
    expect(made.stdout).not.toContain(JSON.parse(readFileSync(file("mine"), "utf8")).d);
    expect(statSync(file("mine")).mode & 0o777).toBe(0o600);
    const again = await wayhouse("", "keygen", "--use", "seal", "--out", file("mine"));
    expect(again.stderr).toContain("EEXIST");

    const about = ["--sender", "S".repeat(43), "--audience", "A".repeat(43), "--subject", "hold"];
    const keys = ["--to", file("mine.public"), "--key", file("theirs")];
    const sealed = await wayhouse("ring twice\n", "seal", ...keys, ...about);
    expect(sealed.code).toBe(0);
    const using = ["--key", file("mine"), "--from", file("theirs.public")];
    const opened = await wayhouse(sealed.stdout, "open", ...using, ...about);
    expect(opened).toEqual({ code: 0, stdout: "ring twice\n", stderr: "" });

    const other = await wayhouse(sealed.stdout, "open", ...using, ...about.slice(0, 5), "other");
    expect(other).toMatchObject({ code: 2, stdout: "" });
    expect(other.stderr).toContain("WRONG_SUBJECT");
    const swapped = await wayhouse(
      "x",
      "seal",
      "--to",
      file("mine"),
      "--key",
      file("theirs"),
      ...about,
    );
    expect(swapped.stderr).toContain("must hold the public half");
  });

  it.each([
    [["seal"], /--to is missing/],
    [["open", "--key"], /--key/],
    [["keygen", "--use", "both", "--out", "x"], /--use must be/],
  ])("say what is missing: %j", async (args, message) => {
    const { code, stderr } = await wayhouse("", ...args);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});
