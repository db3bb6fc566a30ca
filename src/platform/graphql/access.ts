import SchemaBuilder, {
  BasePlugin,
  type FieldNullability,
  type InputFieldMap,
  type PothosOutputFieldConfig,
  PothosSchemaError,
  type SchemaTypes,
  type TypeParam,
} from "@pothos/core";
import type { Scope } from "../../kernel/scopes.ts";

/** Any of the lists, all of a list: the shape of federation's `@requiresScopes`. */
export type ScopeRequirement = Scope[][];

declare global {
  export namespace PothosSchemaTypes {
    export interface Plugins<Types extends SchemaTypes> {
      access: AccessPlugin<Types>;
    }
    export interface FieldOptions<
      Types extends SchemaTypes = SchemaTypes,
      ParentShape = unknown,
      Type extends TypeParam<Types> = TypeParam<Types>,
      Nullable extends FieldNullability<Type> = FieldNullability<Type>,
      Args extends InputFieldMap = InputFieldMap,
      ResolveShape = unknown,
      ResolveReturnShape = unknown,
    > {
      /** Needs no scope and no token. */
      public?: true;
    }
    export interface ObjectTypeOptions<Types extends SchemaTypes = SchemaTypes, Shape = unknown> {
      public?: true;
    }
  }
}

interface Declaration {
  readonly requiresScopes?: ScopeRequirement;
  readonly authenticated?: boolean;
  readonly public?: true;
}

/**
 * One declaration per field drives the check here and the directive that a gateway reads: the
 * federation plugin prints `requiresScopes` and `authenticated`, this one turns the same option into
 * scope-auth's check. A field that has none, neither its own nor its type's, fails the schema build;
 * a root field must have its own.
 */
class AccessPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override onOutputFieldConfig(
    field: PothosOutputFieldConfig<Types>,
  ): PothosOutputFieldConfig<Types> {
    // Federation lets no directive stand on an interface: the types that implement it declare.
    if (field.kind === "Interface") return field;
    const own = declarationOf(field.pothosOptions);
    const isRoot = ["Query", "Mutation", "Subscription"].includes(field.parentType);
    const declared =
      own ??
      (isRoot
        ? null
        : declarationOf(this.builder.configStore.getTypeConfig(field.parentType).pothosOptions));
    if (!declared) {
      throw new PothosSchemaError(
        `${field.parentType}.${field.name} says nothing of who may see it: give it requiresScopes, authenticated or public.`,
      );
    }
    // A type's declaration needs no check at each of its fields: no call comes this far without a
    // token, and which objects exist is the database's to say.
    if (own?.requiresScopes) {
      Object.assign(field.pothosOptions, { authScopes: { mayDo: own.requiresScopes } });
    }
    return field;
  }
}

function declarationOf(options: object): Declaration | null {
  const declaration: Declaration = options;
  const isDeclared =
    declaration.requiresScopes ?? declaration.authenticated ?? declaration.public ?? false;
  return isDeclared ? declaration : null;
}

SchemaBuilder.registerPlugin("access", AccessPlugin);
