import assert from "node:assert/strict";
import { brokenLinks, type Documents, linksOf } from "./broken_links.ts";

const ROOT = new URL("../../", import.meta.url);
const FUNCTION = "supabase/functions/file-events/";
const paths = await pathsBelow("");
const documents: Documents = new Map(
  await Promise.all(
    [...paths].filter((path) => path.endsWith(".md"))
      .map(async (path) => [path, await Deno.readTextFile(new URL(path, ROOT))] as const),
  ),
);

Deno.test("every link in the documentation leads somewhere", () => {
  assert.deepEqual(brokenLinks(documents, (path) => paths.has(path)), []);
});

Deno.test("docs/design.md names each file of the function once", () => {
  const files = [...paths].filter((path) => path.startsWith(FUNCTION) && path.endsWith(".ts"));
  const named = linksOf(documents.get("docs/design.md")!)
    .map((link) => link.replace(/^\.\.\//, ""))
    .filter((path) => path.startsWith(FUNCTION));
  assert.deepEqual(named.filter((path) => path.endsWith(".ts")).sort(), files.sort());
});

Deno.test("brokenLinks finds what a link's target lacks", () => {
  const documents = new Map([
    ["README.md", "[a](docs/a.md) [b](docs/b.md) [c](docs) [d](docs/) ![e](docs/e.png)"],
    ["docs/a.md", "[a](#one-two) [b](#two) [c](../README.md) [d](../docs/a.md#three) [e](a.md)"],
  ]);
  documents.set("docs/a.md", documents.get("docs/a.md") + "\n\n## [One](a.md), `two`!\n");
  assert.deepEqual(
    brokenLinks(documents, (path) => ["docs", "docs/a.md", "README.md"].includes(path)),
    [
      "README.md: docs/b.md",
      "README.md: docs/e.png",
      "docs/a.md: #two",
      "docs/a.md: ../docs/a.md#three",
    ],
  );
});

Deno.test("brokenLinks reads links by reference and links with a title", () => {
  const text = '[a][b] [c](c.md "C")\n\n[b]: b.md\n';
  assert.deepEqual(linksOf(text), ["c.md", "b.md"]);
});

Deno.test("brokenLinks ignores other sites", () => {
  assert.deepEqual(linksOf("[a](https://example.com/a.md) [b](mailto:b@example.com)"), []);
});

Deno.test("brokenLinks takes code for neither a link nor a heading", () => {
  const text = "`[a](a.md)`\n\n```md\n# Only code\n[b](b.md)\n```\n\n[c](#only-code)\n";
  const documents = new Map([["README.md", text]]);
  assert.deepEqual(brokenLinks(documents, () => false), ["README.md: #only-code"]);
});

Deno.test("brokenLinks numbers headings that a page has twice", () => {
  const text = "[a](#use) [b](#use-1) [c](#use-2)\n\n# Use\n\n# Use\n";
  const documents = new Map([["README.md", text]]);
  assert.deepEqual(brokenLinks(documents, () => false), ["README.md: #use-2"]);
});

/** The files and folders of the repository. */
async function pathsBelow(folder: string): Promise<Set<string>> {
  const found = new Set<string>();
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, ROOT))) {
    if (name === ".git" || name === "node_modules") continue;
    found.add(folder + name);
    if (!isDirectory) continue;
    for (const path of await pathsBelow(`${folder}${name}/`)) found.add(path);
  }
  return found;
}
