import {
  type ASTVisitor,
  type DocumentNode,
  GraphQLError,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
  type ValidationContext,
  visit,
} from "graphql";
import type { Plugin } from "graphql-yoga";
import { exceeded, tooManyRepeats } from "./limits.ts";

/** Of one document. Whoever writes one by hand, or a compiler of it, asks for a field once. */
const MOST_REPEATS = 60;

/** What graphql-js leaves open of a document, before and beside its own validation. */
export const judgeDocuments: Plugin = {
  onValidate({ params, addValidationRule, setResult }) {
    addValidationRule(schemaOnce);
    addValidationRule(unconditionalSubscription);
    if (repeatsIn(params.documentAST as DocumentNode) > MOST_REPEATS) setResult([tooManyRepeats()]);
  },
};

/**
 * Selections that may be of what stands in the same set already, and fragments. Validation compares each with
 * each, down to their last fields: 8 kB of them would cost it a fifth of a second.
 */
function repeatsIn(document: DocumentNode): number {
  let repeats = 0;
  visit(document, {
    FragmentDefinition: () => void repeats++,
    SelectionSet({ selections }) {
      repeats += selections.length - new Set(selections.map(nameIn)).size;
    },
  });
  return repeats;
}

/** What no other selection of its set may have in common with it: one type's part of a union is no other's. */
function nameIn(one: SelectionNode): string {
  if (one.kind === Kind.FIELD) return (one.alias ?? one.name).value;
  return one.kind === Kind.FRAGMENT_SPREAD ? "..." : `... on ${one.typeCondition?.name.value}`;
}

/** What tells the schema has no cost of its own: without aliases it is told once, and is as long as it is. */
const schemaOnce = (context: ValidationContext): ASTVisitor => ({
  Field(node) {
    const parent = context.getParentType()?.name ?? "";
    const isOfSchema =
      parent.startsWith("__") || parent === "_Service" || TELLING.has(node.name.value);
    if (isOfSchema && node.alias)
      context.reportError(exceeded("What tells the schema takes no alias.", node));
  },
});
const TELLING = new Set(["__schema", "_service"]);

/** At the root of a subscription nothing may be conditional (§5.2.3.1): there might be nothing to follow. */
const unconditionalSubscription = (context: ValidationContext): ASTVisitor => ({
  OperationDefinition({ operation, selectionSet }) {
    if (operation !== "subscription" || !isConditional(context, selectionSet, new Set())) return;
    const message = "What a subscription follows can be neither skipped nor included.";
    context.reportError(new GraphQLError(message));
  },
});

function isConditional(
  context: ValidationContext,
  { selections }: SelectionSetNode,
  known: Set<SelectionSetNode>,
): boolean {
  return selections.some((one) => {
    if (one.directives?.some(({ name: { value } }) => value === "skip" || value === "include"))
      return true;
    if (one.kind === Kind.FIELD) return false;
    const { selectionSet } =
      one.kind === Kind.INLINE_FRAGMENT ? one : (context.getFragment(one.name.value) ?? {});
    if (!selectionSet || known.has(selectionSet)) return false;
    return isConditional(context, selectionSet, known.add(selectionSet));
  });
}
