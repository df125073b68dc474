import type {
  SocketPool,
  SocketPoolOptions,
} from "../supabase/functions/file-events/realtime/socket_pool.ts";

/** How often a request looks whether its socket has connected; the pool's interval is the same. */
const CONNECTING_INTERVAL_MS = 50;

/**
 * Stands in for the function's `socket_pool.ts`: a client and a socket for each channel, as a
 * function has that calls `createClient` for every request.
 */
export function createSocketPool({ createClient, clock, log }: SocketPoolOptions): SocketPool {
  return {
    request({ topic, options, signal, onChannel }) {
      const client = createClient();
      client.connect();
      signal.addEventListener("abort", () => {
        client.disconnect().catch((error) => log("warn", "not closed", { error: String(error) }));
      }, { once: true });
      const join = () => {
        if (signal.aborted) return;
        if (client.isConnected()) onChannel(client.channel(topic, options));
        else clock.after(CONNECTING_INTERVAL_MS, join);
      };
      join();
    },
    slowDown() {},
  };
}
