import type { FileEventsOptions } from "../options.ts";

/**
 * The URL of the stream.
 *
 * @throws {TypeError} If an option is missing, as when it comes from an environment that lacks it.
 */
export function streamUrl(
  { url, key, supabase, getToken, fileIds }: FileEventsOptions,
): string {
  // A client of supabase-js with the option `accessToken` throws at this, and says why.
  const tokens = supabase?.auth.getSession ?? getToken;
  if (!/^https?:/.test(url) || !key || !tokens || fileIds?.length === 0) {
    throw new TypeError("wrong url, key, token or id");
  }
  const query = new URLSearchParams(fileIds?.map((id) => ["file_id", id]));
  return `${url.replace(/\/*$/, "/functions/v1/file-events")}?${query}`;
}
