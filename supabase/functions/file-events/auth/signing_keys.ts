import type { JWK } from "@supabase/supabase-js";
import type { Clock } from "../clock.ts";

/** Asks Auth for the project's public keys. Rejects if it can't be asked. */
export type FetchKeys = () => Promise<readonly JWK[]>;

/** The project's public keys that may verify a token signed with the key `id`. */
export type SigningKeys = (id: string) => Promise<readonly JWK[]>;

/**
 * Anybody can name keys that don't exist, so Auth is asked about them this often at most, in
 * milliseconds. A new key of the project works after that time at the latest.
 */
const MIN_FETCH_INTERVAL_MS = 30_000;
/** As long as supabase-js trusts keys that it has fetched, in milliseconds. */
const MAX_AGE_MS = 600_000;

/**
 * Keeps the project's public keys: those that the platform hands over, and those that Auth says.
 *
 * @param platformKeys They are good for the isolate's whole life.
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

/** Fetches the keys from Auth. @param key The project's publishable key, for the gateway. */
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
