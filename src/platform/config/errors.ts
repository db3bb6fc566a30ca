/** The environment cannot be used; the message names every variable at fault, and no value. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}
