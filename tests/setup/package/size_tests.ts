import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { minify } from "terser";
import { execute } from "../../support/execute.ts";
import { type InstalledPackage, ROOT } from "./installed_package.ts";

/** Bytes that the client may have with its parser, minified and compressed. */
const LIMIT = 6 * 1_024;
/** Bytes that `useFile` and `useFiles` may add to it. */
const HOOKS_LIMIT = 500;

/** What the client adds to a page. */
export function sizeTests(installed: () => InstalledPackage): void {
  Deno.test("the client has the size that the documentation says", async () => {
    const size = await bundleSize(installed(), 'export { fileEvents } from "file-events";');
    const stated = await statedSize();
    assert.ok(stated <= LIMIT, `docs/client.md says ${stated} bytes, and may say ${LIMIT}`);
    assert.ok(size <= stated, `${size} bytes are more than the ${stated} of docs/client.md`);
    assert.ok(
      size > stated - 500,
      `${size} bytes are much less than the ${stated} of docs/client.md`,
    );
  });

  Deno.test("the hooks for React add little to it", async () => {
    const code = 'export { fileEvents } from "file-events";';
    const hooks = 'export { useFile, useFiles } from "file-events/react";';
    const added = await bundleSize(installed(), code + hooks) - await bundleSize(installed(), code);
    assert.ok(added > 0 && added <= HOOKS_LIMIT, `${added} bytes`);
  });
}

/** Bytes of a module, bundled with all that it imports but React, minified and compressed. */
async function bundleSize({ folder }: InstalledPackage, source: string): Promise<number> {
  await writeFile(join(folder, "entry.js"), source);
  const flags = ["--quiet", "--platform", "browser", "--external=react"];
  const bundle = await execute(Deno.execPath(), ["bundle", ...flags, "entry.js"], folder);
  const { code } = await minify(bundle, { module: true, ecma: 2022, compress: { passes: 5 } });
  return gzipSync(code!, { level: 9 }).length;
}

/** In bytes: the first number of kilobytes (of 1,024 bytes) on the page. */
async function statedSize(): Promise<number> {
  const page = await readFile(join(ROOT, "docs/client.md"), "utf8");
  const [, kilobytes] = page.match(/(\d+(?:\.\d+)?) kB/) ?? [];
  if (kilobytes === undefined) {
    throw new Error("docs/client.md doesn't say how large the client is");
  }
  return Number(kilobytes) * 1_024;
}
