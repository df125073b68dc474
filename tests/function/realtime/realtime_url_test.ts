import assert from "node:assert/strict";
import { realtimeUrl } from "../../../supabase/functions/file-events/realtime/realtime_url.ts";

for (const project of ["https://project.example", "https://project.example/"]) {
  Deno.test(`realtimeUrl() holds the key, and no token (${project})`, () => {
    assert.equal(
      realtimeUrl(project, "sb_publishable_test"),
      "wss://project.example/realtime/v1/websocket?apikey=sb_publishable_test&vsn=2.0.0",
    );
  });
}

Deno.test("realtimeUrl() is not encrypted where the project's URL is not", () => {
  assert.match(realtimeUrl("http://127.0.0.1:54321", "key"), /^ws:\/\/127\.0\.0\.1:54321\//);
});
