/// <reference lib="dom" />
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { execute } from "../support/execute.ts";
import { addFile } from "./add_file.ts";
import { openExampleTab } from "./example_tab.ts";
import { changeFile } from "./installed_examples.ts";
import { serveFolder } from "./serve_folder.ts";
import type { Setting } from "./setting.ts";

const ON_SERVER = `
import { renderToString } from "react-dom/server";
import { App } from "./app.tsx";
console.log(renderToString(<App />));
`;
const IN_BROWSER = `
import { hydrateRoot } from "react-dom/client";
import { App } from "./app.tsx";
hydrateRoot(document.getElementById("app")!, <App />);
`;

/** The React example as an app that a server renders. */
export function reactServerTests(setting: () => Setting): void {
  Deno.test("the react example says on a server that it is loading, and is hydrated", async () => {
    const { stack, browser, examples, node } = setting();
    const folder = examples.path("react");
    await stack.database.execute("delete from public.files");
    await addFile(stack, "ada", { filename: "notes.txt", status: "ready", progress: 100 });
    await writeFile(join(folder, "src/server.tsx"), ON_SERVER);
    await writeFile(join(folder, "src/browser.tsx"), IN_BROWSER);

    const build = async (...args: string[]) =>
      void await execute("npx", ["vite", "build", ...args], folder);
    await build("--ssr", "src/server.tsx", "--outDir", "server");
    const html = (await execute(node, ["server/server.js"], folder)).trim();
    assert.match(html, /loading/);
    assert.match(html, /Loading…/);

    await changeFile(join(folder, "index.html"), {
      '<main id="app"></main>': `<main id="app">${html}</main>`,
      "/src/main.tsx": "/src/browser.tsx",
    });
    await build("--outDir", "hydrated");
    await using server = serveFolder(join(folder, "hydrated"));
    const context = await browser.createBrowserContext();
    try {
      const tab = await openExampleTab(await context.newPage(), `${server.url}/`);
      await tab.signIn("ada");
      await tab.shows("notes.txt, ready, 100");
      await tab.page.reload();
      await tab.shows("notes.txt, ready, 100");
      assert.deepEqual(tab.problems, []);
    } finally {
      await context.close();
    }
  });
}
