import type { FileEventsOptions } from "../options.ts";

/**
 * The URL of the stream.
 *
 * @throws {TypeError} If an option is missing, as when it comes from an environment that lacks it.
 */
export function streamUrl(
  { url, key, supabase, getToken, fileIds = [] }: FileEventsOptions,
): string {
  if (!/^https?:/.test(url) || !key || !(supabase ?? getToken)) {
    throw new TypeError("url, key, supabase or getToken is missing");
  }
  const query = new URLSearchParams(fileIds.map((id) => ["file_id", id]));
  return `${url.replace(/\/*$/, "/functions/v1/file-events")}?${query}`;
}
