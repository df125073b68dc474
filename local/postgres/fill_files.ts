import type { Session } from "./postgres_session.ts";

export interface FillOptions {
  /** Files of the user. */
  own: number;
  /** Files of 1,000 other users together. */
  others: number;
  /** Deletions of the user's. */
  deletions: number;
}

/**
 * Fills the tables fast, triggers off, as if every tenth row had been written by a transaction of
 * its own, and brings the planner's statistics up to date.
 */
export async function fillFiles(
  owner: Session,
  user: string,
  { own, others, deletions }: FillOptions,
): Promise<void> {
  const numbers = [own, others, deletions].map(Math.trunc);
  await owner.query(`
    create temporary table other_users as
      select row_number() over () as n, gen_random_uuid() as id from generate_series(1, 1000);
    insert into auth.users (id) select id from other_users;
    set session_replication_role = replica;
    insert into public.files (user_id, filename, file_type, status, progress, revision, changed_in)
    select coalesce(o.id, '${user}'), 'file ' || i || '.pdf', 'application/pdf', 'ready', 100,
      nextval('file_events.revisions'), (3 + i / 10 % 500)::text::xid8
    from (
      select i, null::bigint as n from generate_series(1, ${numbers[0]}) i
      union all select i, 1 + i % 1000 from generate_series(1, ${numbers[1]}) i
    ) as file left join other_users o using (n);
    insert into public.file_deletions (revision, id, user_id, changed_in)
    select nextval('file_events.revisions'), gen_random_uuid(), '${user}',
      (3 + i / 10 % 500)::text::xid8
    from generate_series(1, ${numbers[2]}) i;
    set session_replication_role = origin;
  `);
  await owner.query("vacuum (analyze) public.files");
  await owner.query("vacuum (analyze) public.file_deletions");
}
