import type { FileEventsOptions } from "../options.ts";

/**
 * The URL of the stream.
 *
 * @throws {TypeError} If an option is missing, as when it comes from an environment that lacks it.
 */
export function streamUrl(
  { url, key, supabase, getToken, fileIds = [] }: FileEventsOptions,
): string {
  if (!key || !(supabase ?? getToken)) {
    throw new TypeError("key, supabase or getToken is missing");
  }
  const stream = new URL(url.replace(/\/*$/, "/functions/v1/file-events"));
  for (const id of fileIds) stream.searchParams.append("file_id", id);
  return stream.href;
}
