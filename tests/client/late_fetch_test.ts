import assert from "node:assert/strict";
import { webEnvironment } from "../../client/web_environment.ts";

Deno.test("the global fetch is the one of the moment of the request, as it is in supabase-js", async () => {
  const { fetch } = webEnvironment();
  const before = globalThis.fetch;
  // As a monitor or a test's mock server does, after modules were loaded.
  globalThis.fetch = () => Promise.resolve(new Response("replaced"));
  try {
    const answer = await fetch("http://127.0.0.1:1/").catch(() => undefined);
    assert.equal(await answer?.text(), "replaced");
  } finally {
    globalThis.fetch = before;
  }
});
