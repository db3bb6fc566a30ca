export type { Credentials, TokenSource } from "./access-token.ts";
export { type Client, type ClientOptions, createClient, type Variables } from "./client.ts";
export type { FollowOptions, NetworkEvent } from "./events.ts";
export { CallFailed, type FailureCode } from "./failure.ts";
export { createPartners, type OwnKeys, type Partners, type PinStore } from "./partners.ts";
export * from "./operations.ts";
