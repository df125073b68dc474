import { readSql } from "../../local/postgres/supabase_database.ts";

const guides = {
  database: await readSql("../docs/database.md"),
  workers: await readSql("../docs/workers.md"),
};

/** The blocks of SQL below a heading of a page of docs/, so that tests run what readers copy. */
export function guideSql(heading: string, page: keyof typeof guides = "database"): string[] {
  const section = guides[page].split(new RegExp(`\n###? ${heading}\n`))[1]?.split(/^##/m)[0] ?? "";
  return [...section.matchAll(/^```sql\n([^]*?)^```/mg)].map(([, sql]) => sql!);
}
