import { RealtimeServer } from "./realtime_server.ts";

/**
 * A test with a Realtime server. realtime-js's `disconnect()` leaves a timer of up to 10 s behind,
 * which Deno's sanitizers would call a leak.
 */
export function testWithServer(name: string, fn: (server: RealtimeServer) => Promise<void>): void {
  Deno.test({
    name,
    sanitizeOps: false,
    sanitizeResources: false,
    async fn() {
      await using server = new RealtimeServer();
      await fn(server);
    },
  });
}
