import type { SupabaseClient } from "@supabase/supabase-js";
import type { Caller } from "../stream/caller.ts";
import type { ChangesPage, ChangesQuery } from "../stream/changes_since.ts";
import type { Coverage } from "../stream/coverage.ts";
import { DATABASE_NAMES } from "../database_names.ts";
import {
  type OnLostValues,
  parseFileDeletion,
  parseFileUpdate,
} from "../rows/parse_file_change.ts";
import { parseTransaction } from "../rows/parse_transaction.ts";
import { otherVersion, queryError, unexpectedAnswer } from "./query_error.ts";
import { SCHEMA_VERSION } from "../schema_version.ts";

/** Queries one page of changes. Rejects with a `QueryError` if it does not get one. */
export type QueryChanges = (caller: Caller, query: ChangesQuery) => Promise<ChangesPage>;

/**
 * Creates a function that calls `public.file_changes_since` through PostgREST with the caller's
 * token, so that row level security applies.
 *
 * @param onLostValues Called for values that events can't carry.
 */
export function createQueryChanges(
  supabase: Pick<SupabaseClient, "rpc">,
  onLostValues: OnLostValues,
): QueryChanges {
  return async (caller, { since, fileIds, snapshot }) => {
    const { data, error, status } = await supabase
      .rpc(DATABASE_NAMES.changesSince, { since, file_ids: fileIds, snapshot })
      .setHeader("Authorization", `Bearer ${caller.token}`);
    if (error) throw queryError(status, error);
    return parsePage(data, onLostValues);
  };
}

function parsePage(data: unknown, onLostValues: OnLostValues): ChangesPage {
  const page = (data ?? {}) as Record<string, unknown>;
  const { version, cursor, revision, reset, more, current, files, deletions } = page;
  if (cursor !== undefined && version !== SCHEMA_VERSION) throw otherVersion(version);
  const coverage = parseCoverage(page.covers);
  if (
    typeof cursor !== "string" || !coverage || !Number.isSafeInteger(revision) ||
    typeof reset !== "boolean" || typeof more !== "boolean" || typeof current !== "boolean" ||
    !Array.isArray(files) || !Array.isArray(deletions)
  ) throw unexpectedAnswer();
  // A row without an id can't be streamed. The other rows still are.
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
  if (!Array.isArray(value)) return;
  const [bound, ...running] = value.map(parseTransaction);
  if (bound === undefined || !running.every((id) => id !== undefined)) return;
  return { bound, running };
}
