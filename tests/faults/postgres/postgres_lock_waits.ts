import type { Session } from "../../../local/postgres/postgres_session.ts";

/**
 * Whether all sessions with these process ids wait for a lock, and will until another one ends its
 * transaction. Those of a deadlock will not: the server is about to end one of them.
 */
export async function allWait(observer: Session, pids: readonly number[]): Promise<boolean> {
  const rows = await observer.query<{ pid: number; blockers: number[] }>(
    "select pid, to_json(pg_blocking_pids(pid)) as blockers from unnest($1::text::int[]) pid",
    [`{${pids}}`],
  );
  return rows.every(({ blockers }) => blockers.length > 0) &&
    !hasCycle(new Map(rows.map(({ pid, blockers }) => [pid, blockers])));
}

function hasCycle(waits: Map<number, number[]>): boolean {
  const before = waits.size;
  for (const [pid, blockers] of waits) {
    if (!blockers.some((blocker) => waits.has(blocker))) waits.delete(pid);
  }
  return waits.size > 0 && (waits.size === before || hasCycle(waits));
}
