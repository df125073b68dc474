import { type ChangesOptions, changesSince } from "./changes_since.ts";
import type { Session } from "./postgres_session.ts";
import { actAs, type SupabaseDatabase } from "./supabase_database.ts";

export interface CatchUpPlan {
  /** Of the query inside `file_changes_since`, as `explain (analyze, buffers)` prints it. */
  plan: string;
  /** Shared buffers that the query touched. */
  queryBuffers: number;
  /** Shared buffers that the whole call touched, planning and row level security included. */
  callBuffers: number;
}

/** Opens a session of the user that can tell how its catch-ups are executed. */
export async function openPlanObserver(
  database: SupabaseDatabase,
  user: string,
): Promise<{ session: Session; explain: typeof explain }> {
  const notices: string[] = [];
  const session = await database.connect({ onNotice: (message) => notices.push(message) });
  await session.query(`
    load 'auto_explain';
    set auto_explain.log_min_duration = 0;
    set auto_explain.log_nested_statements = on;
    set auto_explain.log_analyze = on;
    set auto_explain.log_buffers = on;
    set auto_explain.log_timing = off;
    set client_min_messages = log;
  `);
  await actAs(session, user);

  async function explain(since: string | null, options?: ChangesOptions): Promise<CatchUpPlan> {
    // The first calls of a session fill its caches of the catalog.
    for (let call = 0; call < 2; call++) await changesSince(session, since, options);
    notices.length = 0;
    await changesSince(session, since, options);
    const find = (query: RegExp) => notices.find((notice) => query.test(notice))!;
    const query = find(/Query Text:\s+with changed /);
    const call = find(/Query Text:\s+select public\.file_changes_since/);
    return {
      plan: query.slice(query.indexOf("Aggregate")),
      queryBuffers: buffers(query),
      callBuffers: buffers(call),
    };
  }
  return { session, explain };
}

/** The first line of buffers is the topmost node's, which counts all below it. */
function buffers(plan: string): number {
  const [line = ""] = plan.match(/Buffers: shared.*/) ?? [];
  return [...line.matchAll(/(?:hit|read)=(\d+)/g)].reduce((sum, [, n]) => sum + Number(n), 0);
}
