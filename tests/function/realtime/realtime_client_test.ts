import assert from "node:assert/strict";
import { createRealtimeClient } from "../../../supabase/functions/file-events/realtime/realtime_client.ts";

const KEY = "sb_publishable_test";

for (const project of ["https://project.example", "https://project.example/"]) {
  Deno.test(`createRealtimeClient() sends the key, never a token, in the URL (${project})`, () => {
    const client = createRealtimeClient(project, KEY, { random: () => 0.5 });
    const { protocol, pathname, searchParams } = new URL(client.endpointURL());
    assert.deepEqual([protocol, pathname], ["wss:", "/realtime/v1/websocket"]);
    assert.deepEqual([...searchParams.keys()].sort(), ["apikey", "vsn"]);
    assert.equal(searchParams.get("apikey"), KEY);
  });
}

Deno.test("createRealtimeClient() reconnects after 1 to 10 s, each time half less to half more", () => {
  let random = 0.5;
  const client = createRealtimeClient("http://127.0.0.1", KEY, { random: () => random });
  const delays = () => [1, 2, 3, 4, 5].map((tries) => client.reconnectAfterMs(tries));
  assert.deepEqual(delays(), [1_000, 2_000, 5_000, 10_000, 10_000]);
  random = 0;
  assert.deepEqual(delays(), [500, 1_000, 2_500, 5_000, 5_000]);
});

Deno.test("createRealtimeClient() leaves it to the pool to disconnect a socket without channels", () => {
  const client = createRealtimeClient("http://127.0.0.1", KEY, { random: () => 0.5 });
  // The longest delay that `setTimeout` takes. supabase-js has no name for never.
  assert.equal(client["_disconnectOnEmptyChannelsAfterMs"], 2 ** 31 - 1);
});
