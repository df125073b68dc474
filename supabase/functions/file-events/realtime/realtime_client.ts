import { RealtimeClient } from "@supabase/supabase-js";
import { jitter } from "../jitter.ts";

/** The delays before the attempts to reconnect, in milliseconds. They are those of supabase-js. */
const RECONNECT_MS = [1_000, 2_000, 5_000, 10_000];
/** `setTimeout` fires immediately if the delay is longer. */
const LONGEST_DELAY_MS = 2 ** 31 - 1;

/**
 * Makes a Realtime client without a token, because supabase-js would send a client's token in place of
 * the token that each channel has.
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
    // The pool decides when a socket disconnects.
    disconnectOnEmptyChannelsAfterMs: LONGEST_DELAY_MS,
  });
}
