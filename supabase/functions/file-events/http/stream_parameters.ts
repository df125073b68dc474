import { HttpError } from "./http_error.ts";
import { isUuid } from "../text/uuid.ts";

/** What a client asks for, besides its user's files. */
export interface StreamParameters {
  /** The cursor to resume from. */
  readonly lastEventId: string | null;
  /** Only these files (lower-case UUIDs, sorted, no duplicates); `null` for all. */
  readonly fileIds: readonly string[] | null;
  /** Whether a client without a usable cursor is sent its files first. */
  readonly snapshot: boolean;
}

export const MAX_FILE_IDS = 100;

/** Our cursors are far shorter; the rest can't be one. */
const CURSOR = /^[\x21-\x7e]{1,1024}$/;

/**
 * Reads `file_id`, `snapshot` and the cursor. The `Last-Event-ID` header wins over the
 * `last_event_id` parameter, since a native EventSource reuses its URL when it reconnects.
 *
 * @throws {HttpError} `INVALID_PARAMETER`
 */
export function parseStreamParameters(request: Request, url: URL): StreamParameters {
  const query = url.searchParams;
  const cursor = request.headers.get("Last-Event-ID") || query.get("last_event_id") || "";
  return {
    // An id that isn't ours is no error: the stream begins with a reset, as for one too old.
    lastEventId: CURSOR.test(cursor) ? cursor : null,
    fileIds: parseFileIds(query.getAll("file_id")),
    snapshot: parseBoolean("snapshot", query.get("snapshot") ?? "true"),
  };
}

function parseFileIds(values: string[]): string[] | null {
  if (values.length === 0) return null;
  if (values.length > MAX_FILE_IDS) {
    throw new HttpError("INVALID_PARAMETER", `file_id may be given ${MAX_FILE_IDS} times at most`);
  }
  if (!values.every(isUuid)) throw new HttpError("INVALID_PARAMETER", "file_id must be a UUID");
  return [...new Set(values.map((value) => value.toLowerCase()))].sort();
}

function parseBoolean(name: string, value: string): boolean {
  if (value !== "true" && value !== "false") {
    throw new HttpError("INVALID_PARAMETER", `${name} must be 'true' or 'false'`);
  }
  return value === "true";
}
