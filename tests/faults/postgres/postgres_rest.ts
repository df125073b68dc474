import {
  createQueryChanges,
  type QueryChanges,
} from "../../../supabase/functions/file-events/postgrest/query_changes.ts";
import type { FileChange } from "../../../supabase/functions/file-events/stream/file_change.ts";
import type { PostgresQueue } from "./postgres_queue.ts";
import { type TableShape, toModelId, toNativeId } from "./table_shape.ts";

/**
 * Runs `sql` as PostgREST does for a signed-in user: in a transaction of its own, with the role and
 * the claims of the token.
 */
export function queryAs<Row>(
  queue: PostgresQueue,
  { userId, rights }: { readonly userId: string; readonly rights: string },
  sql: string,
  parameters: unknown[] = [],
): Promise<Row[]> {
  const claims = JSON.stringify({ sub: userId, role: "authenticated", aal: rights });
  return queue.add(async ({ query }) => {
    // Sent at once, one after the other.
    const [, , rows] = await Promise.all([
      query("begin isolation level read committed read only"),
      query(
        // The embedded helpers read the first claim setting, a project's read either.
        `select set_config('role', 'authenticated', true),
          set_config('request.jwt.claim.sub', $1, true), set_config('request.jwt.claims', $2, true)`,
        [userId, claims],
      ),
      query<Row>(sql, parameters),
      query("commit"),
    ]);
    return rows;
  });
}

interface Arguments {
  readonly since: string | null;
  readonly file_ids: readonly string[] | null;
  readonly snapshot: boolean;
}

/**
 * The function's own `QueryChanges`, with a database in the place of PostgREST. Asks as
 * `caller.userId`. The ids are the model's.
 */
export function changesSinceOver(queue: PostgresQueue, { ids }: TableShape): QueryChanges {
  return async (caller, query) => {
    const rpc = (_name: "file_changes_since", { since, file_ids, snapshot }: Arguments) => ({
      async setHeader() {
        const [row] = await queryAs<{ page: unknown }>(
          queue,
          caller,
          `select public.file_changes_since($1, case when $2::text is not null then
            array(select jsonb_array_elements_text($2::text::jsonb)) end, $3) as page`,
          [since, file_ids && JSON.stringify(file_ids), snapshot],
        );
        return { data: row?.page, error: null };
      },
    });
    const fileIds = query.fileIds?.map((id) => toNativeId(ids, id)) ?? null;
    const page = await createQueryChanges({ rpc: rpc as never }, () => {})(
      caller,
      { ...query, fileIds },
    );
    return { ...page, changes: page.changes.map((change) => withModelId(change, ids)) };
  };
}

/** The same change, of the file as the model calls it. */
export function withModelId(change: FileChange, ids: readonly string[]): FileChange {
  const id = toModelId(ids, change.id);
  return change.deleted ? { ...change, id } : { ...change, id, file: { ...change.file, id } };
}
