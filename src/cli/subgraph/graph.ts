import {
  type ConstDirectiveNode,
  type DocumentNode,
  type FieldDefinitionNode,
  Kind,
  type SelectionSetNode,
  type TypeDefinitionNode,
  type TypeExtensionNode,
  type TypeNode,
  isTypeDefinitionNode,
  isTypeExtensionNode,
  parse,
  print,
} from "graphql";
import { argumentOf, type DirectiveNames } from "./directives.ts";

export type TypeDeclaration = TypeDefinitionNode | TypeExtensionNode;
export const ROOTS: readonly string[] = ["Query", "Mutation", "Subscription"];

/** One name's definition and extensions, as one. */
export interface GraphType {
  readonly name: string;
  readonly declarations: readonly TypeDeclaration[];
  readonly fields: ReadonlyMap<string, FieldDefinitionNode>;
}

/** A root type goes by its default name, whatever the schema calls it: composition does the same. */
export function readTypes(document: DocumentNode): ReadonlyMap<string, GraphType> {
  const roots = new Map<string, string>();
  for (const definition of document.definitions) {
    if (definition.kind !== Kind.SCHEMA_DEFINITION && definition.kind !== Kind.SCHEMA_EXTENSION)
      continue;
    for (const { operation, type } of definition.operationTypes ?? [])
      roots.set(type.name.value, operation[0]!.toUpperCase() + operation.slice(1));
  }
  const types = new Map<string, { name: string; declarations: TypeDeclaration[] }>();
  for (const definition of document.definitions) {
    if (!isTypeDefinitionNode(definition) && !isTypeExtensionNode(definition)) continue;
    const name = roots.get(definition.name.value) ?? definition.name.value;
    const type = types.get(name) ?? { name, declarations: [] };
    type.declarations.push(definition);
    types.set(name, type);
  }
  return new Map(
    [...types].map(([name, type]) => [
      name,
      {
        ...type,
        fields: new Map(
          type.declarations.flatMap(fieldsOf).map((field) => [field.name.value, field]),
        ),
      },
    ]),
  );
}

/** Of an object or an interface. */
export function fieldsOf(declaration: TypeDeclaration): readonly FieldDefinitionNode[] {
  const { kind } = declaration;
  const isObject = kind === Kind.OBJECT_TYPE_DEFINITION || kind === Kind.OBJECT_TYPE_EXTENSION;
  if (isObject || kind === Kind.INTERFACE_TYPE_DEFINITION || kind === Kind.INTERFACE_TYPE_EXTENSION)
    return declaration.fields ?? [];
  return [];
}

/** `ObjectTypeDefinition` and `ObjectTypeExtension` alike: `Object`. */
export const kindOf = ({ kind }: TypeDeclaration) =>
  kind.replace(/Type(?:Definition|Extension)$/, "");

export const namedType = (type: TypeNode): string =>
  type.kind === Kind.NAMED_TYPE ? type.name.value : namedType(type.type);

/** The fields of a directive's `fields`, or null if they are no selection. */
export function selectionOf(directive: ConstDirectiveNode): SelectionSetNode | null {
  try {
    const { definitions } = parse(`{ ${argumentOf(directive, "fields") ?? ""} }`);
    const [operation] = definitions;
    return operation?.kind === Kind.OPERATION_DEFINITION ? operation.selectionSet : null;
  } catch {
    return null;
  }
}

/** The keys of an entity, each in one spelling. */
export const keysOf = (
  declarations: readonly TypeDeclaration[],
  namesOf: DirectiveNames,
): ReadonlySet<string> =>
  new Set(
    declarations
      .flatMap(({ directives }) => directives ?? [])
      .filter((directive) => namesOf(directive).has("key"))
      .map(spellingOf),
  );

export function spellingOf(key: ConstDirectiveNode): string {
  const selection = selectionOf(key);
  return selection ? print(selection).replaceAll(/\s+/g, " ") : "";
}
