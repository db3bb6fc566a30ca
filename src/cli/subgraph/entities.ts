import { type FieldDefinitionNode, print } from "graphql";
import { fieldsOf, type GraphType, keysOf, spellingOf, type TypeDeclaration } from "./graph.ts";
import { checkDirectives, type Comparison, isMarked, rivalRule } from "./rules.ts";

const SEAM = "Extend CaseReference, which is there for it.";

/** An object type of the network's, as it stands in the partner's graph. */
export function checkEntity(graphs: Comparison, type: GraphType, own: GraphType): void {
  const { name, declarations } = type;
  for (const declaration of declarations) {
    checkDirectives(graphs, name, declaration, ["key", "extends", "external"]);
    checkKeys(graphs, name, declaration);
  }
  const isExternal = declarations.some((one) => isMarked(graphs, one, "external"));
  let answers = false;
  for (const field of declarations.flatMap(fieldsOf)) {
    const ofNetwork = own.fields.get(field.name.value);
    const isRead = isExternal || isMarked(graphs, field, "external");
    answers ||= !isRead;
    if (!ofNetwork) checkAddition(graphs, name, field);
    else checkRepeated(graphs, name, { field, ofNetwork, isRead });
  }
  if (answers && graphs.keysOf(name).size > 0 && keysOf(declarations, graphs.namesOf).size === 0) {
    graphs.report(
      declarations[0]!,
      "key",
      `${name} stands here without its key. Add @key(fields: "id").`,
    );
  }
}

function checkKeys(graphs: Comparison, name: string, declaration: TypeDeclaration): void {
  const known = graphs.keysOf(name);
  for (const directive of declaration.directives ?? []) {
    if (!graphs.namesOf(directive).has("key") || known.has(spellingOf(directive))) continue;
    graphs.report(
      directive,
      "key",
      `${name} has no such key in the network's graph. ${known.size > 0 ? 'Use @key(fields: "id").' : SEAM}`,
    );
  }
}

function checkAddition(graphs: Comparison, name: string, field: FieldDefinitionNode): void {
  if (graphs.keysOf(name).size > 0) return;
  graphs.report(
    field,
    "type",
    `${name}.${field.name.value} is added to a type of the network's that has no key. ${SEAM}`,
  );
}

interface Repeated {
  readonly field: FieldDefinitionNode;
  readonly ofNetwork: FieldDefinitionNode;
  /** Marked `@external`: the network answers it. */
  readonly isRead: boolean;
}

function checkRepeated(
  graphs: Comparison,
  type: string,
  { field, ofNetwork, isRead }: Repeated,
): void {
  const name = field.name.value;
  const place = `${type}.${name}`;
  const isKey = graphs.keysOf(type).has(`{ ${name} }`);
  const rival = rivalRule(graphs, field);
  if (!isRead && (!isKey || rival !== undefined)) {
    graphs.report(
      field,
      rival ?? "field",
      `${place} is the network's, and would be answered here in its stead. Remove it; where @requires reads it, mark it @external.`,
    );
    return;
  }
  checkDirectives(graphs, place, field, ["external"]);
  if (shapeOf(field) !== shapeOf(ofNetwork)) {
    graphs.report(
      field,
      "field",
      `${place} must be ${shapeOf(ofNetwork)}, as it is in the network's graph.`,
    );
  }
}

const shapeOf = ({ name, arguments: args = [], type }: FieldDefinitionNode) =>
  `${name.value}${args.length > 0 ? `(${args.map((one) => `${one.name.value}: ${print(one.type)}`).join(", ")})` : ""}: ${print(type)}`;
