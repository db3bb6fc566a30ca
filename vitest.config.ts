import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  // graphql must be one instance: its ESM and CommonJS builds refuse each other's types.
  resolve: {
    alias: [
      { find: /^graphql$/, replacement: "graphql/index.js" },
      // The example's doors to the library, which is not built here.
      {
        find: /^wayhouse\/(client|sealing)$/,
        replacement: fileURLToPath(new URL("src/$1/index.ts", import.meta.url)),
      },
    ],
  },
  test: {
    include: ["tests/**/*.test.ts"],
    exclude: ["tests/long/**"],
    // No test keeps state in a module: the files of a worker share the loaded program.
    isolate: false,
    // Of what comes by itself nothing says when, on a machine that has other work.
    expect: { poll: { timeout: 60_000 } },
    globalSetup: ["tests/support/global-setup.ts", "tests/support/build.ts"],
    // The longest takes a sixth of it on two cores that do nothing else.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    maxWorkers: 2,
  },
});
