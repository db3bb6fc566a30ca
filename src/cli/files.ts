import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { Stop } from "./command.ts";

/** To the byte: it may be an image. @throws Stop */
export function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Stop(`${path} cannot be read (${codeOf(error)}).`, { cause: error });
  }
}

/** @throws Stop */
export const readText = (path: string) => readBytes(path).toString("utf8");

/** @throws Stop */
export function readJson(path: string): unknown {
  const text = readText(path);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Stop(`${path} cannot be read (no JSON).`, { cause: error });
  }
}

/** What must not be there yet, for its owner alone. @throws Stop */
export function writeNew(path: string, text: string): void {
  try {
    writeFileSync(path, text, { mode: 0o600, flag: "wx" });
  } catch (error) {
    throw new Stop(`${path} cannot be written (${codeOf(error)}).`, { cause: error });
  }
}

/** For its owner alone; what stood there stands until all of the new is on the disk. @throws Stop */
export function replaceFile(path: string, text: string): void {
  try {
    writeFileSync(`${path}.new`, text, { mode: 0o600, flush: true });
    renameSync(`${path}.new`, path);
  } catch (error) {
    throw new Stop(`${path} cannot be written (${codeOf(error)}).`, { cause: error });
  }
}

/** Of the operating system. */
export const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? "unknown error";
