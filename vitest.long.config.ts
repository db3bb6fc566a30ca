import { defineConfig } from "vitest/config";

// What takes minutes: run before a release, one file after the other.
export default defineConfig({
  // graphql must be one instance: its ESM and CommonJS builds refuse each other's types.
  resolve: { alias: [{ find: /^graphql$/, replacement: "graphql/index.js" }] },
  test: {
    include: ["tests/long/**/*.test.ts"],
    // Of what comes by itself nothing says when, on a machine that has other work.
    expect: { poll: { timeout: 60_000 } },
    globalSetup: ["tests/support/global-setup.ts", "tests/support/build.ts"],
    testTimeout: 1_200_000,
    hookTimeout: 60_000,
    maxWorkers: 1,
  },
});
