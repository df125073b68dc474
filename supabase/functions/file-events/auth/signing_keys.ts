import type { JWK } from "@supabase/supabase-js";
import type { Clock } from "../clock.ts";

/** Fetches the project's public keys from Auth. Rejects if it gets none. */
export type FetchKeys = () => Promise<readonly JWK[]>;

/** Returns public keys of the project; the key `id` is among them if the project has it. */
export type SigningKeys = (id: string) => Promise<readonly JWK[]>;

/**
 * The shortest time between two requests for an unknown key, in milliseconds. There is a limit
 * because any token can name a key that doesn't exist. A new key of the project works after this
 * time at the latest.
 */
const MIN_FETCH_INTERVAL_MS = 30_000;
/** How long fetched keys are trusted, in milliseconds. It is the same time as in supabase-js. */
const MAX_AGE_MS = 600_000;

/**
 * Keeps the project's public keys: those that the platform provides, and those fetched from Auth.
 *
 * @param platformKeys Trusted as long as the isolate runs.
 */
export function createSigningKeys(
  platformKeys: readonly JWK[],
  { fetchKeys, clock }: { fetchKeys: FetchKeys; clock: Pick<Clock, "now"> },
): SigningKeys {
  let fetched: { readonly keys: readonly JWK[]; readonly at: number } | undefined;
  let fetching: Promise<void> | undefined;

  async function refresh(): Promise<void> {
    fetched = { keys: await fetchKeys(), at: clock.now() };
  }

  const has = (keys: readonly JWK[], id: string) => keys.some(({ kid }) => kid === id);

  return async (id) => {
    if (has(platformKeys, id)) return platformKeys;
    const age = fetched ? clock.now() - fetched.at : Infinity;
    const isGood = age < MIN_FETCH_INTERVAL_MS || age < MAX_AGE_MS && has(fetched!.keys, id);
    if (!isGood) await (fetching ??= refresh().finally(() => fetching = undefined));
    return fetched!.keys;
  };
}

/**
 * Creates a function that fetches the keys from Auth.
 *
 * @param key The project's publishable key, which the gateway requires.
 */
export function createFetchKeys(
  supabaseUrl: string,
  key: string,
  fetch: typeof globalThis.fetch,
): FetchKeys {
  return async () => {
    const url = `${supabaseUrl.replace(/\/+$/, "")}/auth/v1/.well-known/jwks.json`;
    const response = await fetch(url, { headers: { apikey: key } });
    const text = await response.text();
    if (!response.ok) throw new Error(`Cannot fetch signing keys: status ${response.status}`);
    const { keys } = JSON.parse(text) as { keys?: unknown };
    if (!Array.isArray(keys)) throw new Error("Cannot fetch signing keys: the answer has none");
    return keys;
  };
}
