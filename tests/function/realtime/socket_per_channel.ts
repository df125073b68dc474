import { RealtimeClient } from "@supabase/supabase-js";
import type { SocketPool } from "../../../supabase/functions/file-events/realtime/socket_pool.ts";

/** Hands out channels of the real supabase-js at once, each on a socket of its own. */
export class SocketPerChannel implements SocketPool {
  /** How often the server is said to have had too many joins. */
  slowDowns = 0;
  /** For each request, whether the user's last join was refused. */
  readonly refusals: boolean[] = [];

  /** @param url The project's. */
  constructor(readonly url: string) {}

  readonly request: SocketPool["request"] = ({ topic, options, wasRefused, onChannel }) => {
    this.refusals.push(wasRefused);
    const client = new RealtimeClient(`${this.url.replace("http", "ws")}/realtime/v1`, {
      params: { apikey: "sb_publishable_test" },
    });
    onChannel(client.channel(topic, options));
    return () => {};
  };

  readonly release: SocketPool["release"] = (channel) => {
    const { socket } = channel;
    void socket.removeChannel(channel).then(() => socket.disconnect());
  };

  slowDown(): void {
    this.slowDowns++;
  }
}
