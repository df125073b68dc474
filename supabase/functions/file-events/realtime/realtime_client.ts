import { RealtimeClient } from "@supabase/supabase-js";
import { jitter } from "../jitter.ts";

/** As supabase-js waits between attempts to connect, in milliseconds; ours are jittered. */
const RECONNECT_MS = [1_000, 2_000, 5_000, 10_000];
/** Never: the pool disconnects it. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * Makes a Realtime client without a token: what a channel brings as its own is then never
 * overwritten.
 *
 * @param url The project's URL.
 * @param key Its publishable key.
 */
export function createRealtimeClient(
  url: string,
  key: string,
  { random }: { random: () => number },
): RealtimeClient {
  const endpoint = new URL("realtime/v1", url.endsWith("/") ? url : `${url}/`);
  endpoint.protocol = endpoint.protocol.replace("http", "ws");
  return new RealtimeClient(endpoint.href, {
    params: { apikey: key },
    reconnectAfterMs: (tries) => {
      return jitter(RECONNECT_MS[tries - 1] ?? RECONNECT_MS.at(-1)!, random, { spread: 0.5 });
    },
    disconnectOnEmptyChannelsAfterMs: LONGEST_TIMEOUT_MS,
  });
}
