import type { Session } from "../../local/postgres/postgres_session.ts";

/** How many milliseconds `sql` takes. */
export async function measureQuery(session: Session, sql: string): Promise<number> {
  const start = performance.now();
  await session.query(sql);
  return performance.now() - start;
}
