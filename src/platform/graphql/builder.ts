import "./access.ts";
import SchemaBuilder from "@pothos/core";
import ComplexityPlugin from "@pothos/plugin-complexity";
import DirectivesPlugin from "@pothos/plugin-directives";
import FederationPlugin from "@pothos/plugin-federation";
import ScopeAuthPlugin from "@pothos/plugin-scope-auth";
import { Forbidden } from "../../kernel/errors.ts";
import type { PublicJwk } from "../../kernel/jwk.ts";
import type { Scope } from "../../kernel/scopes.ts";
import type { NodeKey } from "../auth/node-key.ts";
import type { Session } from "../db/session.ts";
import type { Cursors } from "../streams/cursors.ts";
import type { Feed, Subscriber } from "../streams/feed.ts";
import type { ScopeRequirement } from "./access.ts";

export interface Context {
  readonly session: Session;
  /** Signs audit checkpoints. */
  readonly nodeKey: NodeKey;
  readonly caller: Subscriber;
  readonly feed: Feed;
  readonly cursors: Cursors;
}

export const builder = new SchemaBuilder<{
  Context: Context;
  DefaultFieldNullability: false;
  AuthScopes: { mayDo: ScopeRequirement };
  DefaultAuthStrategy: "all";
  FederationScopes: Scope;
  Scalars: {
    ID: { Input: string; Output: string };
    Date: { Input: string; Output: string };
    /** Out: also as the database spells it. */
    DateTime: { Input: Date; Output: Date | string };
    CountryCode: { Input: string; Output: string };
    LanguageTag: { Input: string; Output: string };
    SealedEnvelope: { Input: string; Output: string };
    EnvelopeDigest: { Input: string; Output: string };
    Thumbprint: { Input: string; Output: string };
    PublicJwk: { Input: PublicJwk; Output: PublicJwk };
  };
}>({
  plugins: ["access", ScopeAuthPlugin, DirectivesPlugin, FederationPlugin, ComplexityPlugin],
  defaultFieldNullability: false,
  // A page counts at its full size, another list as five; limits.ts says what an operation may come to.
  complexity: {
    fieldComplexity: ({ first }: { first?: number }, _: Context, field) => ({
      field: 1,
      multiplier:
        first === undefined ? (/\[/.test(String(field.type)) ? 5 : 1) : Math.min(first, 100),
    }),
  },
  scopeAuth: {
    defaultStrategy: "all",
    authScopes: ({ session }) => ({
      mayDo: (anyOf) => anyOf.some((allOf) => allOf.every((scope) => session.scopes.has(scope))),
    }),
    unauthorizedError: () => new Forbidden(),
  },
});

/** Member of every mutation's input. */
export const idempotencyKey = (
  t: PothosSchemaTypes.InputFieldBuilder<typeof builder.$inferSchemaTypes, "InputObject">,
) =>
  t.string({
    required: true,
    description:
      "8 to 128 visible ASCII characters, of this client's choice. For 30 days the same key and input again have no second effect, and answer with what the first call made, as it is by then; with another input IDEMPOTENCY_MISMATCH. A call that is refused uses up no key.",
  });

builder.queryType({});
builder.mutationType({});
builder.subscriptionType({});
