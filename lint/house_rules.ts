// The project's own rules, for `deno lint`. Each is a file beside this one.
import { effects } from "./effects.ts";
import { everyTestRuns } from "./every_test_runs.ts";
import { fileName } from "./file_name.ts";
import { createImports } from "./imports.ts";

const plugin: Deno.lint.Plugin = {
  name: "house",
  rules: {
    effects,
    "every-test-runs": everyTestRuns,
    "file-name": fileName,
    // Off until no test folder imports another.
    imports: createImports({ testFoldersApart: false }),
  },
};

export default plugin;
