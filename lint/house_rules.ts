// The project's own rules, for `deno lint`. Each is a file beside this one.
import { effects } from "./effects.ts";
import { everyTestRuns } from "./every_test_runs.ts";
import { fileName } from "./file_name.ts";
import { imports } from "./imports.ts";

const plugin: Deno.lint.Plugin = {
  name: "house",
  rules: {
    effects,
    "every-test-runs": everyTestRuns,
    "file-name": fileName,
    imports,
  },
};

export default plugin;
