import { defineConfig } from "vitest/config";

// What can be decided from text alone: no database, hence no globalSetup.
export default defineConfig({
  // graphql must be one instance: its ESM and CommonJS builds refuse each other's types.
  resolve: { alias: [{ find: /^graphql$/, replacement: "graphql/index.js" }] },
  test: {
    include: ["tests/architecture/**/*.test.ts", "tests/contract/schema-changes.test.ts"],
  },
});
