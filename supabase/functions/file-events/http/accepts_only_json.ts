/** One media type, with or without parameters. A comma would begin another type. */
const ONLY_JSON = /^\s*application\/json\s*(;[^,]*)?$/i;

/**
 * Whether JSON is the only type that the client accepts. Many clients that read a stream accept any
 * type, or name JSON among others.
 */
export function acceptsOnlyJson(headers: Headers): boolean {
  return ONLY_JSON.test(headers.get("Accept") ?? "");
}
