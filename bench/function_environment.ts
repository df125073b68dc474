import { publishableKey } from "../local/api_keys.ts";

/** What the platform gives a function that runs against the Supabase at `url`. */
export function functionEnvironment(
  url: string,
  variables: Record<string, string> = {},
): Record<string, string> {
  return {
    SUPABASE_URL: url,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: publishableKey }),
    ...variables,
  };
}
