import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { answer } from "../../src/cli/command.ts";
import { killedWhileWriting, program, typed } from "../support/wayhouse.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "wayhouse-seal-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const file = (name: string) => join(folder, name);
const wayhouse = (...args: string[]) => typed({}, args);

async function piped(input: string, ...args: string[]) {
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
  const made = await wayhouse("keygen", "--use", use, "--out", file(name));
  writeFileSync(file(`${name}.public`), made.stdout);
  return made;
}

it("leaves no half of a key or of an organisation when it is killed: the same can be typed again", async () => {
  const key = ["keygen", "--use", "seal", "--out", file("late.json")];
  killedWhileWriting(1, ...key);
  expect(await wayhouse(...key)).toMatchObject({ code: 0 });
  const organisation = ["org", "new", file("orchard"), "--issuer", "https://orchard.example"];
  killedWhileWriting(3, ...organisation);
  expect(await wayhouse(...organisation)).toMatchObject({ code: 0 });
  expect(await wayhouse(...organisation)).toMatchObject({ code: 2, stdout: "" });
  expect(statSync(file("orchard/identity.json")).mode & 0o777).toBe(0o600);
  expect(statSync(file("orchard")).mode & 0o777).toBe(0o700);
});

it.each([
  [
    "a handle that no network takes",
    "Orchard!",
    "https://orchard.example",
    "The handle must be 3 to",
  ],
  ["an issuer that no network takes", "grove", "grove.example", "The issuer must be an https URL"],
])("makes no keys for %s", async (_, name, issuer, told) => {
  const made = await wayhouse("org", "new", file(name), "--issuer", issuer);
  expect(made).toMatchObject({ code: 2, stdout: "", stderr: expect.stringContaining(told) });
  expect(existsSync(file(name))).toBe(false);
});

it("what a command answers begins no line and moves no cursor, as JSON neither, which says the same", () => {
  const log = vi.spyOn(console, "log").mockReturnValue();
  const forged = "\u001b[2J\u007f\u009b2J\r\nall is well\u202e\u2028\u{e0041}";
  answer(false, {}, ["one", forged], (line) => line.replace("one", "\u001b[32mone\u001b[39m"));
  answer(true, { forged }, []);
  const [[lines], [json]] = log.mock.calls as [[string], [string]];
  log.mockRestore();
  expect(lines).toBe("\u001b[32mone\u001b[39m\n?[2J??2J??all is well???");
  expect(JSON.parse(json)).toEqual({ forged });
  expect(json).toMatch(/^[\x20-\x7e]+$/);
});

describe("keygen, seal and open", () => {
  it("keep the private half to themselves, and open to what was sealed", async () => {
    const made = await keygen("seal", "mine");
    await keygen("sign", "theirs");
    expect(made.stdout).not.toContain(JSON.parse(readFileSync(file("mine"), "utf8")).d);
    expect(statSync(file("mine")).mode & 0o777).toBe(0o600);
    const again = await wayhouse("keygen", "--use", "seal", "--out", file("mine"));
    expect(again.stderr).toContain("is there already");

    const about = ["--sender", "S".repeat(43), "--audience", "A".repeat(43), "--subject", "hold"];
    const keys = ["--to", file("mine.public"), "--key", file("theirs")];
    const sealed = await piped("ring twice\n", "seal", ...keys, ...about);
    expect(sealed).toMatchObject({ code: 0, stderr: "" });
    writeFileSync(file("envelope"), sealed.stdout);
    const open = ["open", "--key", file("mine"), "--from", file("theirs.public"), file("envelope")];
    const opened = await wayhouse(...open, ...about);
    expect(opened).toEqual({ code: 0, stdout: "ring twice\n", stderr: "" });
    const { stdout } = await wayhouse(...open, ...about, "--json");
    const digest = createHash("sha256").update(sealed.stdout.trim()).digest("base64url");
    expect(JSON.parse(stdout)).toEqual({ text: "ring twice\n", digest });

    const other = await wayhouse(...open, ...about.slice(0, 5), "other");
    expect(other).toMatchObject({ code: 2, stdout: "" });
    expect(other.stderr).toContain("WRONG_SUBJECT");
    const swapped = ["seal", "--to", file("mine"), "--key", file("theirs"), ...about];
    expect((await wayhouse(...swapped, file("envelope"))).stderr).toContain(
      "must hold the public half",
    );
  });

  it("give back what is no text to the byte, in JSON too", async () => {
    const bytes = Buffer.from([0xff, 0x00, 0xfe]);
    writeFileSync(file("image"), bytes);
    const about = ["--sender", "S".repeat(43), "--audience", "A".repeat(43), "--subject", "hold"];
    const keys = ["--to", file("mine.public"), "--key", file("theirs"), "--json"];
    const { stdout } = await wayhouse("seal", ...keys, ...about, file("image"));
    const { envelope, digest } = JSON.parse(stdout) as Record<"envelope" | "digest", string>;
    expect(digest).toBe(createHash("sha256").update(envelope).digest("base64url"));
    writeFileSync(file("envelope"), envelope);
    const open = ["open", "--key", file("mine"), "--from", file("theirs.public"), file("envelope")];
    const opened = await wayhouse(...open, ...about, "--json");
    expect(JSON.parse(opened.stdout)).toMatchObject({ base64: bytes.toString("base64") });
  });

  it("show a terminal only what cannot move it, and a pipe every byte", async () => {
    const about = ["--sender", "S".repeat(43), "--audience", "A".repeat(43), "--subject", "hold"];
    const keys = ["--to", file("mine.public"), "--key", file("theirs")];
    const open = ["--key", file("mine"), "--from", file("theirs.public"), file("envelope")];
    const { isTTY } = process.stdout;
    const shown: { stdout: string; stderr: string }[] = [];
    for (const content of [
      Buffer.from("at dusk\n\u001b[2J\u009b2Jtwice\u202e\n"),
      Buffer.of(0xff),
    ]) {
      writeFileSync(file("content"), content);
      const sealed = await wayhouse("seal", ...keys, ...about, file("content"));
      writeFileSync(file("envelope"), sealed.stdout);
      process.stdout.isTTY = true;
      shown.push(await wayhouse("open", ...open, ...about));
      process.stdout.isTTY = isTTY;
    }
    expect(shown[0]).toMatchObject({ stdout: "at dusk\n?[2J?2Jtwice?\n", stderr: "" });
    expect(shown[1]).toMatchObject({ stdout: "", stderr: expect.stringContaining("no text") });
    expect((await wayhouse("open", ...open, ...about)).stdout.length).toBe(1);
  });

  it.each([
    [["seal"], /--to is missing/],
    [["open", "--key"], /--key/],
    [["keygen", "--use", "both", "--out", "x"], /--use must be/],
  ])("say what is missing: %j", async (args, message) => {
    const { code, stderr } = await wayhouse(...args);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});
