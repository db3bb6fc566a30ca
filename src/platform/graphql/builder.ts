import "./access.ts";
import SchemaBuilder from "@pothos/core";
import DirectivesPlugin from "@pothos/plugin-directives";
import FederationPlugin from "@pothos/plugin-federation";
import ScopeAuthPlugin from "@pothos/plugin-scope-auth";
import { Forbidden } from "../../kernel/errors.ts";
import type { Scope } from "../../kernel/scopes.ts";
import type { Session } from "../db/session.ts";
import type { ScopeRequirement } from "./access.ts";

export interface Context {
  readonly session: Session;
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
    DateTime: { Input: Date; Output: Date };
    CountryCode: { Input: string; Output: string };
  };
}>({
  plugins: ["access", ScopeAuthPlugin, DirectivesPlugin, FederationPlugin],
  defaultFieldNullability: false,
  scopeAuth: {
    defaultStrategy: "all",
    authScopes: ({ session }) => ({
      mayDo: (anyOf) => anyOf.some((allOf) => allOf.every((scope) => session.scopes.has(scope))),
    }),
    unauthorizedError: () => new Forbidden(),
  },
});

builder.queryType({});
builder.mutationType({});
