/** The embedded database cannot run; the message says why and what to do about it. */
export class EmbeddedError extends Error {
  override readonly name: string = "EmbeddedError";
}

/** Another live process runs the database of this directory. */
export class DataDirInUse extends EmbeddedError {
  override readonly name = "DataDirInUse";

  constructor(
    readonly dataDir: string,
    readonly pid: number,
  ) {
    super(
      `The data directory ${dataDir} is in use by process ${pid}. ` +
        `Stop that process, or set DATA_DIR to another directory.`,
    );
  }
}
