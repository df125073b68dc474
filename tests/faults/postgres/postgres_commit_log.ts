import postgres from "postgres";
import {
  parseFileDeletion,
  parseFileUpdate,
} from "../../../supabase/functions/file-events/rows/parse_file_change.ts";
import { rowJson } from "../../../setup/sql/row_json.ts";
import type { CommittedChange } from "../file_database.ts";
import { columnsOf, tableOf, type TableShape, toModelId } from "./table_shape.ts";

/**
 * Makes the tables tell of each written row, as logical replication does: at the commit, in the
 * order of commits. The first trigger by name, so that an insert is told of before what the
 * migration's triggers do to the row.
 */
export function commitLogSql(shape: TableShape): string {
  const { owner } = columnsOf(shape);
  return `
    create function public.tell_file() returns trigger language plpgsql security definer
    set search_path = ''
    as $$
    begin
      perform pg_notify('changes', json_build_object('table', 'files', 'user_id', new.${owner},
        'row', (select ${rowJson(shape.mapping)} from (select (new).*) f))::text);
      return null;
    end;
    $$;
    create function public.tell_deletion() returns trigger language plpgsql security definer
    set search_path = ''
    as $$
    begin
      perform pg_notify('changes', json_build_object('table', 'file_deletions',
        'user_id', new.user_id, 'row', json_build_object(
          'id', new.id::text, 'revision', new.revision, 'changed_in', new.changed_in::text
        ))::text);
      return null;
    end;
    $$;
    create trigger aa_tell after insert or update on ${tableOf(shape)}
      for each row execute function public.tell_file();
    create trigger aa_tell after insert on public.file_deletions
      for each row execute function public.tell_deletion();
  `;
}

/** What has been committed. */
export interface CommitLog extends AsyncDisposable {
  /** All that has been committed since it was last asked, in the order of commits. */
  take(): Promise<CommittedChange[]>;
}

/** Needs {@linkcode commitLogSql} in the database. */
export async function openCommitLog(url: string, shape: TableShape): Promise<CommitLog> {
  const client = postgres(url, { max: 1, idle_timeout: 0, max_lifetime: null, fetch_types: false });
  let changes: CommittedChange[] = [];
  let onMark = () => {};
  await client.listen("changes", (payload) => changes.push(parse(payload, shape)));
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

function parse(payload: string, { ids }: TableShape): CommittedChange {
  const { table, user_id, row } = JSON.parse(payload);
  const named = { ...row, id: toModelId(ids, row.id) };
  const change = table === "files" ? parseFileUpdate(named) : parseFileDeletion(named);
  if (!change) throw new Error(`Cannot read a row of ${table}: ${payload}`);
  return { userId: user_id, change };
}
