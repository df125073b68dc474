import assert from "node:assert/strict";
import { DEFAULT_SCRIPTS, renderDefault } from "../../../../setup/sql/default_scripts.ts";

for (const { name, path } of DEFAULT_SCRIPTS) {
  Deno.test(`supabase/${path} is what is rendered for the default table`, async () => {
    const file = new URL(`../../../../supabase/${path}`, import.meta.url);
    assert.equal(await renderDefault(name), await Deno.readTextFile(file));
  });
}
