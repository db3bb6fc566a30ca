import { readdirSync, readFileSync } from "node:fs";
import { codegen } from "@graphql-codegen/core";
import * as typescript from "@graphql-codegen/typescript-operations";
import { type DocumentNode, type GraphQLSchema, parse, printSchema } from "graphql";

const FOLDER = "schema/operations";

/** The documents of dashboards and bots, one operation each, by the operation's name. */
export function readOperations(): ReadonlyMap<string, string> {
  const names = readdirSync(FOLDER).filter((name) => name.endsWith(".graphql"));
  return new Map(
    names.toSorted().map((name) => {
      const text = readFileSync(`${FOLDER}/${name}`, "utf8");
      // As clients send it: without the line feed at the end of the file.
      return [name.replace(/\.graphql$/, ""), text.replace(/\n$/, "")] as const;
    }),
  );
}

const HEAD = `// Generated from schema/ by \`npm run generate\`.

/** A document, and the types of its answer and of its variables: to any GraphQL client, a string. */
export type Operation<Result, Variables> = string & {
  /** Never there at run time; the shape that typed clients read the types from. */
  readonly __apiType?: (variables: Variables) => Result;
};
`;
const SCALARS = {
  _Any: "never",
  _FieldSet: "never",
  CountryCode: "string",
  Date: "string",
  DateTime: "string",
  EnvelopeDigest: "string",
  ID: "string",
  LanguageTag: "string",
  PublicJwk:
    "{ readonly kty: string; readonly crv: string; readonly x: string; readonly y?: string }",
  SealedEnvelope: "string",
  Thumbprint: "string",
};

/** The types of their answers and variables, and the documents as constants. */
export async function printOperations(schema: GraphQLSchema): Promise<string> {
  const operations = readOperations();
  const documents = [...operations].map(([location, text]) => ({
    location,
    document: parse(text),
  }));
  const types = await codegen({
    filename: "operations.ts",
    schema: parse(printSchema(schema)) as DocumentNode,
    documents,
    config: {
      immutableTypes: true,
      scalars: SCALARS,
      enumType: "string-literal",
      strictScalars: true,
    },
    plugins: [{ typescript: {} }],
    pluginMap: { typescript },
  });
  const constants = documents.map(({ location, document }) => {
    const [definition] = document.definitions;
    const kind = definition?.kind === "OperationDefinition" ? definition.operation : "";
    const type = `${location}${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
    const text = JSON.stringify(operations.get(location));
    return `export const ${location} = ${text} as Operation<${type}, ${type}Variables>;`;
  });
  return `${HEAD}\n${types.trim()}\n\n${constants.join("\n")}\n`;
}
