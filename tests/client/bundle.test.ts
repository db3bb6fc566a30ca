import { build } from "esbuild";
import { expect, it } from "vitest";

const bundle = (contents: string) =>
  build({
    stdin: { contents, resolveDir: "tests/client", loader: "ts" },
    platform: "browser",
    format: "esm",
    bundle: true,
    minify: true,
    write: false,
    logLevel: "silent",
  });

it("the client and what it signs and seals with run in a browser, in less than 120 kB", async () => {
  const { outputFiles, warnings } = await bundle(`export * from "../../src/client/index.ts";`);
  expect(warnings).toEqual([]);
  expect(outputFiles[0]!.contents.length).toBeLessThan(120_000);
  expect(outputFiles[0]!.text).not.toMatch(/\bBuffer\.|\bprocess\./);
});

it("who takes one operation bundles one document", async () => {
  const { outputFiles } = await bundle(
    `import { Viewer } from "../../src/client/operations.ts"; console.log(Viewer);`,
  );
  expect(outputFiles[0]!.contents.length).toBeLessThan(1_000);
});

it("planted: what needs Node cannot be bundled", async () => {
  const wanting = `export { thumbprint } from "../../src/kernel/jwk.ts";`;
  await expect(bundle(wanting)).rejects.toThrow("node:crypto");
});
