import { RealtimeClient } from "@supabase/supabase-js";
import type { Channels } from "./realtime_feed.ts";

/**
 * Opens each channel on a socket of its own.
 *
 * @param url The project's URL.
 * @param key Its publishable key.
 */
export function channelPerSocket(url: string, key: string): Channels {
  const endpoint = new URL("realtime/v1", url.endsWith("/") ? url : `${url}/`);
  endpoint.protocol = endpoint.protocol.replace("http", "ws");
  return {
    open(topic, options) {
      // The client has no token: a channel's own is then never overwritten.
      const client = new RealtimeClient(endpoint.href, {
        params: { apikey: key },
        disconnectOnEmptyChannelsAfterMs: 0,
      });
      return client.channel(topic, options);
    },
    async close(channel) {
      await channel.socket.removeChannel(channel);
    },
  };
}
