import { DomainError, IllegalTransition, Refused } from "../../kernel/refusals.ts";
import { builder } from "./builder.ts";

export const DomainErrorInterface = builder.interfaceRef<DomainError>("DomainError");
DomainErrorInterface.implement({
  description:
    "A refusal that the caller can act on, as data. Its type says which; `message` is for a person.",
  fields: (t) => ({ message: t.exposeString("message") }),
});

builder.objectType(IllegalTransition, {
  name: "IllegalTransition",
  authenticated: true,
  interfaces: [DomainErrorInterface],
  fields: (t) => ({
    from: t.exposeString("from", {
      description: "The state it was found in, in which the step does not exist.",
    }),
    allowed: t.field({
      type: ["String"],
      description: "Where the caller can still take it.",
      resolve: ({ allowed }) => [...allowed],
    }),
  }),
});

/** For a union of one success type and refusals, whose classes are named as their types. */
export const refusalOr =
  <Success extends string>(success: Success) =>
  (value: unknown): Success =>
    value instanceof DomainError ? (value.constructor.name as Success) : success;

/** Runs an action; these of its refusals are an answer like its success. */
export async function orRefusal<Row, Refusals extends (new (...args: never[]) => DomainError)[]>(
  act: () => Promise<Row>,
  ...refusals: Refusals
): Promise<Row | InstanceType<Refusals[number]>> {
  try {
    return await act();
  } catch (error) {
    if (error instanceof Refused && refusals.some((one) => error.refusal instanceof one))
      return error.refusal as InstanceType<Refusals[number]>;
    throw error;
  }
}
