import * as files from "../platform/files.ts";
import { Stop } from "./command.ts";

/** To the byte: it may be an image. @throws Stop */
export const readBytes = (path: string) => reading(path, () => files.readRegular(path));

/** Of half a gigabyte at most, which is as long as a text can be. @throws Stop */
export const readText = (path: string) =>
  reading(path, () => files.readRegular(path).toString("utf8"));

function reading<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new Stop(`${path} cannot be read (${codeOf(error)}).`, { cause: error });
  }
}

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
  if (!writing(path, () => files.putFile(path, text)))
    throw new Stop(`${path} is there already: nothing was written.`);
}

/** For its owner alone; what stood there stands until all of the new is on the disk. @throws Stop */
export const replaceFile = (path: string, text: string) =>
  writing(path, () => files.replaceFile(path, text));

/** @throws Stop */
export function writing<T>(path: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    throw new Stop(`${path} cannot be written (${codeOf(error)}).`, { cause: error });
  }
}

/** Of the operating system. */
export const codeOf = (error: unknown) => (error as NodeJS.ErrnoException).code ?? "unknown error";
