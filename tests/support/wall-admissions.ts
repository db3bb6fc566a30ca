import { id, type Walls } from "./walls.ts";

/** Of the owner's bot, signed with its key; what else it says, and which scopes are left of those that it asks for. */
const ASKED = ["beds:read", "handoffs:offer", "network:admin"];
export const ADMITTED: readonly (readonly [
  string,
  Record<string, string | boolean | null>,
  string | null,
])[] = [
  // What the organisation itself may not do.
  ["a token", {}, "beds:read network:admin"],
  [
    "another client's of the same name",
    { organisation: id.partner, kid: "sign-partner" },
    ASKED.join(" "),
  ],
  [
    "a client's that may do less",
    { client: "dashboard", scopes: "{beds:read,beds:hold}" },
    "beds:read",
  ],
  [
    "a client's that is not its organisation's",
    { organisation: id.partner, kid: "sign-partner", client: "dashboard" },
    null,
  ],
  ["a revoked client's", { client: "revoked" }, null],
  ["a bearer, of a client that must prove", { client: "proving" }, null],
  ["one with a proof, of a client that must", { client: "proving", bound: true }, "beds:read"],
  ["a suspended organisation's", { organisation: id.suspended, kid: "sign-suspended" }, null],
  ["one signed with another organisation's key", { kid: "sign-partner" }, null],
  ["one signed with a key to seal to", { kid: "seal-owner" }, null],
  ["one signed with a retired key", { kid: "gone-owner" }, null],
  ["one that an unknown JWKS vouches for", { kid: null }, null],
  ["a revoked token", { jti: "token" }, null],
  ["one of the name of another's that is revoked", { jti: "another" }, "beds:read network:admin"],
];

/** Which scopes the database leaves to a token that says this, in such a network. */
export async function admit(walls: Walls, said: object, status: string): Promise<string | null> {
  const token = {
    organisation: id.owner,
    client: "bot",
    kid: "sign-owner",
    jti: "j",
    bound: false,
    scopes: `{${ASKED.join()}}`,
    ...said,
  };
  const { organisation, client, kid, jti, bound, scopes } = token;
  const [admitted] = await walls.rowsOf(`begin;
    update network set status = '${status}';
    set local role wayhouse_api;
    select client_id is not null as is_in, scopes from admit('${organisation}', '${client}',
      nullif('${kid}', 'null'), '${jti}', '${scopes}', ${bound});
    rollback`);
  if (admitted!["is_in"] !== (admitted!["scopes"] !== null)) throw new Error("half admitted");
  return admitted!["scopes"] as string | null;
}
