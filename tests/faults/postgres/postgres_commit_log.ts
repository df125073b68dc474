import postgres from "postgres";
import {
  parseFileDeletion,
  parseFileUpdate,
} from "../../../supabase/functions/file-events/rows/parse_file_change.ts";
import type { CommittedChange } from "../file_database.ts";

/**
 * Makes the tables tell of each written row, as logical replication does: at the commit, in the
 * order of commits. The first trigger by name, so that an insert is told of before what the
 * migration's triggers do to the row.
 */
export const COMMIT_LOG_SQL = `
  create function public.tell() returns trigger language plpgsql security definer
  set search_path = ''
  as $$
  begin
    perform pg_notify('changes', json_build_object('table', tg_table_name, 'row', new)::text);
    return null;
  end;
  $$;
  create trigger aa_tell after insert or update on public.files
    for each row execute function public.tell();
  create trigger aa_tell after insert on public.file_deletions
    for each row execute function public.tell();
`;

/** What has been committed. */
export interface CommitLog extends AsyncDisposable {
  /** All that has been committed since it was last asked, in the order of commits. */
  take(): Promise<CommittedChange[]>;
}

/** Needs {@linkcode COMMIT_LOG_SQL} in the database. */
export async function openCommitLog(url: string): Promise<CommitLog> {
  const client = postgres(url, { max: 1, idle_timeout: 0, max_lifetime: null, fetch_types: false });
  let changes: CommittedChange[] = [];
  let onMark = () => {};
  await client.listen("changes", (payload) => changes.push(parse(payload)));
  await client.listen("mark", () => onMark());
  return {
    async take() {
      // Notifications come in the order of commits: all earlier ones are here before this one.
      const marked = new Promise<void>((resolve) => onMark = resolve);
      await client.notify("mark", "");
      await marked;
      const taken = changes;
      changes = [];
      return taken;
    },
    [Symbol.asyncDispose]: () => client.end({ timeout: 5 }),
  };
}

function parse(payload: string): CommittedChange {
  const { table, row } = JSON.parse(payload);
  const change = table === "files" ? parseFileUpdate(row) : parseFileDeletion(row);
  if (!change) throw new Error(`Cannot read a row of ${table}: ${payload}`);
  return { userId: row.user_id, change };
}
