import { defineConfig } from "vitest/config";

// What is decided from text and from the migrated schema alone, in seconds.
export default defineConfig({
  // graphql must be one instance: its ESM and CommonJS builds refuse each other's types.
  resolve: { alias: [{ find: /^graphql$/, replacement: "graphql/index.js" }] },
  test: {
    include: ["tests/architecture/**/*.test.ts", "tests/contract/**/*.test.ts"],
    // No test keeps state in a module: the files of a worker share the loaded program.
    isolate: false,
    globalSetup: ["tests/support/global-setup.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
