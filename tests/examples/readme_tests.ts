/// <reference lib="dom" />
import assert from "node:assert/strict";
import { cp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { execute } from "../support/execute.ts";
import { addFile } from "./add_file.ts";
import { openExampleTab } from "./example_tab.ts";
import { serveFolder } from "./serve_folder.ts";
import type { Setting } from "./setting.ts";

const README = new URL("../../README.md", import.meta.url);

/** By framework: the language of its component in the README, and a program that shows it. */
const FRAMEWORKS = {
  react: {
    language: "tsx",
    entry: "main.tsx",
    main: `
      import { createRoot } from "react-dom/client";
      import { FileList } from "./file_list.tsx";
      import { SignIn } from "./sign_in.tsx";
      createRoot(document.getElementById("app")!).render(<><SignIn /><FileList /></>);`,
  },
  svelte: {
    language: "svelte",
    entry: "main.ts",
    main: `
      import { mount } from "svelte";
      import FileList from "./file_list.svelte";
      import SignIn from "./sign_in.svelte";
      mount(SignIn, { target: document.getElementById("app")! });
      mount(FileList, { target: document.getElementById("app")! });`,
  },
};

/** The README's components in the examples' places, checked and built as the examples are. */
export function readmeTests(setting: () => Setting): void {
  for (const [name, { language, entry, main }] of Object.entries(FRAMEWORKS)) {
    Deno.test(`the README's ${name} component, as it stands, shows the user's files`, async () => {
      const { stack, browser, examples } = setting();
      await stack.database.execute("delete from public.files");
      await addFile(stack, "ada", { filename: "notes.txt", progress: 43 });
      const readme = await readFile(README, "utf8");
      const files = codeOf(readme, "ts")
        .replace("https://<project>.supabase.co", stack.url)
        .replace("<publishable key>", stack.publishableKey);

      const folder = `${examples.path(name)}-readme`;
      const isOwn = (source: string) => !["node_modules", "dist"].includes(basename(source));
      await cp(examples.path(name), folder, { recursive: true, filter: isOwn });
      await symlink(join(examples.path(name), "node_modules"), join(folder, "node_modules"));
      const inSource = (file: string) => join(folder, "src", file);
      for (const file of ["app", "server", "browser"]) {
        await rm(inSource(`${file}.${language}`), { force: true });
      }
      await writeFile(inSource("files.ts"), files);
      await writeFile(inSource(`file_list.${language}`), codeOf(readme, language));
      await writeFile(inSource(entry), main);
      await writeFile(join(folder, "index.html"), PAGE.replace("ENTRY", entry));
      await execute("npm", ["run", "build"], folder);

      await using server = serveFolder(join(folder, "dist"));
      const context = await browser.createBrowserContext();
      try {
        const { page, signIn, problems } = await openExampleTab(
          await context.newPage(),
          server.url,
        );
        await page.waitForFunction(() => document.body.innerText.includes("sign in"));
        await signIn("ada");
        await page.waitForFunction(() => document.body.innerText.includes("notes.txt: 43 %"));
        await stack.database.execute("update public.files set progress = 44");
        await page.waitForFunction(() => document.body.innerText.includes("notes.txt: 44 %"));
        assert.deepEqual(problems, []);
      } finally {
        await context.close();
      }
    });
  }
}

const PAGE = `<!doctype html><link rel="icon" href="data:,"><div id="app"></div>
<script type="module" src="/src/ENTRY"></script>`;

/** The first block of code in that language. */
function codeOf(markdown: string, language: string): string {
  const code = markdown.match(new RegExp(`\`\`\`${language}\\b.*\\n([^]*?)\`\`\``))?.[1];
  return code ?? assert.fail(`README.md has no code in ${language}`);
}
