import { acceptsOnlyJson } from "./accepts_only_json.ts";
import { Refusal } from "./refusal.ts";
import type { StreamParameters } from "../stream/stream_parameters.ts";
import { isUuid } from "../uuid.ts";

const MAX_FILE_IDS = 100;
/**
 * Text without control characters: PostgreSQL's text has no NUL, and would refuse the query that
 * contains one.
 */
const FILE_ID = /^\P{Cc}{1,255}$/u;

/** The cursors of this function are not longer and have no other characters. */
const CURSOR = /^[\x21-\x7e]{1,1024}$/;

/**
 * Parses `file_id`, `snapshot`, the cursor, and whether the client polls. The `Last-Event-ID` header
 * takes precedence over the `last_event_id` parameter, because a native EventSource reuses its URL
 * when it reconnects.
 *
 * @throws {Refusal} `INVALID_PARAMETER`
 */
export function parseStreamParameters(headers: Headers, query: URLSearchParams): StreamParameters {
  const cursor = headers.get("Last-Event-ID") || query.get("last_event_id") || "";
  return {
    // An id of another server is not an error. The stream begins with a reset, as for an old id.
    lastEventId: CURSOR.test(cursor) ? cursor : null,
    fileIds: parseFileIds(query.getAll("file_id")),
    snapshot: parseBoolean("snapshot", query.get("snapshot") ?? "true"),
    isPoll: acceptsOnlyJson(headers),
  };
}

function parseFileIds(values: string[]): string[] | null {
  if (values.length === 0) return null;
  if (values.length > MAX_FILE_IDS) {
    throw new Refusal("INVALID_PARAMETER", `file_id may be given ${MAX_FILE_IDS} times at most`);
  }
  if (!values.every((value) => FILE_ID.test(value))) {
    throw new Refusal(
      "INVALID_PARAMETER",
      "file_id must be a text of 1 to 255 characters without control characters",
    );
  }
  return [...new Set(values.flatMap(spellings))].sort();
}

/** The database writes a UUID in lower case. A text that looks like one may be in upper case. */
function spellings(id: string): string[] {
  return isUuid(id) ? [id, id.toLowerCase()] : [id];
}

function parseBoolean(name: string, value: string): boolean {
  if (value !== "true" && value !== "false") {
    throw new Refusal("INVALID_PARAMETER", `${name} must be 'true' or 'false'`);
  }
  return value === "true";
}
