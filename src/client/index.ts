export type { Credentials, TokenSource } from "./access-token.ts";
export { type Client, type ClientOptions, createClient, type Variables } from "./client.ts";
export type { FollowOptions, NetworkEvent } from "./events.ts";
export { CallFailed, type FailureCode } from "./failure.ts";
export { createPartners, type OwnKeys, type Partners, type PinStore } from "./partners.ts";
/** What the server or a partner sent, before it is printed. */
export { printable } from "../kernel/printable.ts";
export * from "./operations.ts";
