import type { SupabaseClient } from "@supabase/supabase-js";
import type { Caller } from "../auth/authenticate.ts";
import { changesError, unexpectedAnswer } from "./changes_error.ts";
import type { Coverage } from "./coverage.ts";
import {
  type FileChange,
  type OnLostValues,
  parseFileDeletion,
  parseFileUpdate,
} from "./file_change.ts";

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
  /**
   * Whose changes have been returned once `more` is false. It is the same on all pages of one run
   * of pages, and no page of the run is older.
   */
  readonly coverage: Coverage;
  /** No revision above it had been drawn. */
  readonly revision: number;
  /** `since` was of no use: what the client has is void, a full snapshot begins with this page. */
  readonly reset: boolean;
  readonly more: boolean;
  /** `more` is false, and no file has changed since the run began: nothing is missing. */
  readonly current: boolean;
  readonly changes: readonly FileChange[];
}

/** Asks the database what has changed. Rejects with a {@linkcode ChangesError} if it can't be asked. */
export type ChangesSince = (caller: Caller, query: ChangesQuery) => Promise<ChangesPage>;

/**
 * Asks through PostgREST as the caller, whose row level security applies.
 *
 * @param onLostValues Hears of the values that events can't carry.
 */
export function createChangesSince(
  supabase: Pick<SupabaseClient, "rpc">,
  onLostValues: OnLostValues,
): ChangesSince {
  return async (caller, { since, fileIds, snapshot }) => {
    const { data, error, status } = await supabase
      .rpc("file_changes_since", { since, file_ids: fileIds, snapshot })
      .setHeader("Authorization", `Bearer ${caller.token}`);
    if (error) throw changesError(status, error);
    return parsePage(data, onLostValues);
  };
}

function parsePage(data: unknown, onLostValues: OnLostValues): ChangesPage {
  const page = (data ?? {}) as Record<string, unknown>;
  const { cursor, revision, reset, more, current, files, deletions } = page;
  const coverage = parseCoverage(page.covers);
  if (
    typeof cursor !== "string" || !coverage || !Number.isSafeInteger(revision) ||
    typeof reset !== "boolean" || typeof more !== "boolean" || typeof current !== "boolean" ||
    !Array.isArray(files) || !Array.isArray(deletions)
  ) throw unexpectedAnswer();
  // A row without an id can't be streamed, and must not keep others from it.
  const rows = files.filter((row) => row?.id !== null);
  if (rows.length < files.length) onLostValues(null, ["id"]);
  const changes = [
    ...deletions.map(parseFileDeletion),
    ...rows.map((row) => parseFileUpdate(row, onLostValues)),
  ];
  if (!changes.every((change) => change !== undefined)) throw unexpectedAnswer();
  return { cursor, coverage, revision: revision as number, reset, more, current, changes };
}

/** Reads `["<bound>", "<running>", …]`. */
function parseCoverage(value: unknown): Coverage | undefined {
  if (!Array.isArray(value) || !value.every((id) => /^\d{1,20}$/.test(String(id)))) return;
  const [bound, ...running] = value.map(BigInt);
  return bound === undefined ? undefined : { bound, running };
}
