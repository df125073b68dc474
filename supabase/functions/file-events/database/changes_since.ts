import type { SupabaseClient } from "@supabase/supabase-js";
import type { Caller } from "../auth/authenticate.ts";
import { changesError } from "./changes_error.ts";
import { type FileChange, parseFileDeletion, parseFileUpdate } from "./file_change.ts";

export interface ChangesQuery {
  /** A cursor of an earlier page, or `null` for none. */
  readonly since: string | null;
  readonly fileIds: readonly string[] | null;
  /** Without a usable cursor: all files, or (`false`) only the cursor of this moment. */
  readonly snapshot: boolean;
}

/** One page of what `public.file_changes_since` returns. */
export interface ChangesPage {
  /** Covers this page and all before it. Opaque. */
  readonly cursor: string;
  /** Once `more` is false, all changes made in transactions below it have been returned. */
  readonly horizon: bigint;
  /** No revision above it had been drawn. */
  readonly revision: number;
  /** `since` was of no use: what the client has is void, a full snapshot begins with this page. */
  readonly reset: boolean;
  readonly more: boolean;
  readonly changes: readonly FileChange[];
}

/** Asks the database what has changed. Rejects with a {@linkcode ChangesError} if it can't be asked. */
export type ChangesSince = (caller: Caller, query: ChangesQuery) => Promise<ChangesPage>;

/** Asks through PostgREST as the caller, whose row level security applies. */
export function createChangesSince(supabase: Pick<SupabaseClient, "rpc">): ChangesSince {
  return async (caller, { since, fileIds, snapshot }) => {
    const { data, error, status } = await supabase
      .rpc("file_changes_since", { since, file_ids: fileIds, snapshot })
      .setHeader("Authorization", `Bearer ${caller.token}`);
    if (error) throw changesError(status, error);
    return parsePage(data);
  };
}

function parsePage(data: unknown): ChangesPage {
  const { cursor, horizon, revision, reset, more, files, deletions } = (data ?? {}) as Record<
    string,
    unknown
  >;
  if (
    typeof cursor !== "string" || typeof horizon !== "string" || !/^\d+$/.test(horizon) ||
    !Number.isSafeInteger(revision) || typeof reset !== "boolean" || typeof more !== "boolean" ||
    !Array.isArray(files) ||
    !Array.isArray(deletions)
  ) throw new Error("Cannot query changes: the answer is not a page of changes");
  const changes = [...deletions.map(parseFileDeletion), ...files.map(parseFileUpdate)];
  if (!changes.every((change) => change !== undefined)) {
    throw new Error("Cannot query changes: a row lacks fields");
  }
  return { cursor, horizon: BigInt(horizon), revision: revision as number, reset, more, changes };
}
