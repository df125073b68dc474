import type { RealtimeClient } from "@supabase/supabase-js";
import type {
  SocketPool,
  SocketPoolOptions,
} from "../supabase/functions/file-events/realtime/socket_pool.ts";

/** Between looks at a socket that is being connected, as in the pool itself. */
const CONNECTING_INTERVAL_MS = 50;

/**
 * Stands in for the function's `socket_pool.ts`: a client and a socket for each channel, as a
 * function has that calls `createClient` for every request.
 */
export function createSocketPool({ createClient, clock, log }: SocketPoolOptions): SocketPool {
  return {
    request({ topic, options, onChannel }) {
      const client: RealtimeClient = createClient();
      client.connect();
      let cancel = () => {};
      const join = () => {
        if (client.isConnected()) onChannel(client.channel(topic, options));
        else cancel = clock.after(CONNECTING_INTERVAL_MS, join);
      };
      join();
      return () => cancel();
    },
    release({ socket }) {
      socket.disconnect().catch((error) => log("warn", "not closed", { error: String(error) }));
    },
    slowDown() {},
  };
}
