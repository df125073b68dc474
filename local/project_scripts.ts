import { readScript, type Script } from "./database.ts";

/** The project's migrations in order, the publication of `scripts/` and its seed. */
export async function readProjectScripts(
  folder = new URL("../supabase/", import.meta.url),
): Promise<Script[]> {
  const migrations = [];
  for await (const { name } of Deno.readDir(new URL("migrations/", folder))) {
    if (name.endsWith(".sql")) migrations.push(`migrations/${name}`);
  }
  const paths = [...migrations.sort(), "scripts/postgres_changes.sql", "seed.sql"];
  return Promise.all(paths.map((path) => readScript(new URL(path, folder))));
}
