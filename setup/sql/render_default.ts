// Writes what is rendered for the default table into `supabase/`. Run it after a change of a template.
import { writeFile } from "node:fs/promises";
import { DEFAULT_SCRIPTS, renderDefault } from "./default_scripts.ts";

for (const { path, name } of DEFAULT_SCRIPTS) {
  await writeFile(new URL(`../../supabase/${path}`, import.meta.url), await renderDefault(name));
}
