/** The embedded database cannot be started; the message says what to do. */
export class EmbeddedError extends Error {
  override readonly name: string = "EmbeddedError";
}
