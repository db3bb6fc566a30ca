import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach } from "vitest";
import { openStore } from "../../examples/handoff-bot/store.ts";
import { readFiles } from "./bot-sender.ts";
import { p256 } from "./sealing.ts";

/** A folder of a bot for each test, and what lies in it, opened with the private half of its archive's key. */
export function botFolder() {
  const archive = p256();
  const { d: _, ...archiveKey } = archive;
  let folder = "";
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "wayhouse-bot-"))));
  afterEach(() => rmSync(folder, { recursive: true }));
  const filesOf = (kind: string) => readFiles(join(folder, "kept", kind), archive);
  return {
    path: (name: string) => join(folder, name),
    open: (...compared: string[]) => openStore(join(folder, "kept"), archiveKey, compared),
    /** What it has filed of a handoff. */
    fileOf: async (id: string) => (await filesOf("files")).get(id),
    /** The texts of what it has read, and nobody has received. */
    unreceived: async () => [...(await filesOf("unreceived")).values()],
  };
}
