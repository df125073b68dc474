// deno-lint-ignore-file no-console -- the result

// Names what the tests of this folder need and the machine lacks, a line each, and fails then. With
// `--packages` it prints only the names of Debian's packages that have it.

import { missingRequirements } from "./missing_requirements.ts";

const missing = await missingRequirements();
if (Deno.args.includes("--packages")) {
  for (const { debianPackage } of missing) console.log(debianPackage);
} else if (missing.length > 0) {
  for (const { name, debianPackage } of missing) {
    console.log(`${name} is missing: apt-get install ${debianPackage}`);
  }
  console.log(`\n0 passed, ${missing.length} failed`);
  Deno.exit(1);
}
