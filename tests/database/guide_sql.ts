import { readSql } from "./supabase_database.ts";

const guide = await readSql("../docs/database.md");

/** The blocks of SQL below a heading of docs/database.md, so that tests run what readers copy. */
export function guideSql(heading: string): string[] {
  const section = guide.split(`\n### ${heading}\n`)[1]?.split(/^##/m)[0] ?? "";
  return [...section.matchAll(/^```sql\n([^]*?)^```/mg)].map(([, sql]) => sql!);
}
