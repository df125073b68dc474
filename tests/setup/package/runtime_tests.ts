import assert from "node:assert/strict";
import { deadline } from "../../support/deadline.ts";
import { launchBrowser } from "../../support/launch_browser.ts";
import { execute } from "../../support/execute.ts";
import type { InstalledPackage } from "./installed_package.ts";
import { serveProject } from "./project_server.ts";

const LIST_FILES = "./programs/list_files.ts";
const NAME_OF_READY_FILE = "./programs/name_of_ready_file.ts";

/** The built client in each place where it runs. Programs must end by themselves when it is closed. */
export function runtimeTests(installed: () => InstalledPackage): void {
  Deno.test.beforeAll(async () => {
    const options = { lib: ["esnext", "dom"], module: "nodenext", skipLibCheck: true };
    await installed().compile([LIST_FILES, NAME_OF_READY_FILE], options);
  });

  const RUNTIMES = [
    ["Node", "node", "--input-type=module", "--eval"],
    ["Deno", Deno.execPath(), "eval"],
  ] as const;

  for (const [name, command, ...flags] of RUNTIMES) {
    Deno.test(`the client lists files in ${name}, and leaves no timer when it is closed`, async () => {
      const { folder } = installed();
      await using server = serveProject(folder);
      const program = `import process from "node:process";
        import { listFiles } from "./list_files.js";
        console.log(await listFiles("${server.url}", "${server.token}"));
        console.log(process.getActiveResourcesInfo().includes("Timeout"));`;
      const output = await execute(command, [...flags, program], folder);
      assert.equal(output, "second.txt, first.txt\nfalse\n");
    });
  }

  Deno.test("the client follows the session of supabase-js in Deno", async () => {
    const { folder } = installed();
    await using server = serveProject(folder);
    const program = `import { nameOfReadyFile } from "./name_of_ready_file.js";
      console.log(await nameOfReadyFile("${server.url}", "${server.token}"));`;
    assert.equal(await execute(Deno.execPath(), ["eval", program], folder), "first.txt\n");
  });

  Deno.test("the client runs in Chromium, as it is and bundled with supabase-js", async () => {
    const { folder } = installed();
    const bundle = ["bundle", "--quiet", "--platform", "browser", "--output", "bundle.js"];
    await execute(Deno.execPath(), [...bundle, "name_of_ready_file.js"], folder);
    await using server = serveProject(folder);
    await using browser = await launchBrowser();
    const page = await browser.newPage();
    await page.goto(server.url);

    const run = (module: string, name: string) =>
      deadline(
        page.evaluate(
          `import("${module}").then((it) => it.${name}("${server.url}", "${server.token}"))`,
        ),
        module,
      );
    assert.equal(await run("/list_files.js", "listFiles"), "second.txt, first.txt");
    assert.equal(await run("/bundle.js", "nameOfReadyFile"), "first.txt");
  });
}
