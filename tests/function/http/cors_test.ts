import assert from "node:assert/strict";
import {
  allowOrigin,
  preflightResponse,
} from "../../../supabase/functions/file-events/http/cors.ts";

const ORIGIN = "https://app.example.com";
const LIST = new Set([ORIGIN, "http://localhost:3000"]);

function allowed(origin: string | null, origins: "*" | ReadonlySet<string>): Headers {
  const headers = new Headers();
  allowOrigin(headers, origin, origins);
  return headers;
}

Deno.test("allowOrigin() lets every origin read where all are allowed", () => {
  for (const origin of [ORIGIN, "null", null]) {
    const headers = allowed(origin, "*");
    assert.equal(headers.get("Access-Control-Allow-Origin"), "*");
    assert.equal(headers.get("Vary"), null);
  }
});

Deno.test("allowOrigin() names an origin of the list, and says that the answer depends on it", () => {
  const headers = allowed(ORIGIN, LIST);
  assert.equal(headers.get("Access-Control-Allow-Origin"), ORIGIN);
  assert.equal(headers.get("Vary"), "Origin");
});

Deno.test("allowOrigin() lets no other origin read where there is a list", async (t) => {
  for (const origin of [null, "null", "https://evil.example.com", `${ORIGIN}.evil.com`, "*"]) {
    await t.step(String(origin), () => {
      const headers = allowed(origin, LIST);
      assert.equal(headers.get("Access-Control-Allow-Origin"), null);
      // A cache must not hand this answer to a page of an allowed origin.
      assert.equal(headers.get("Vary"), "Origin");
    });
  }
});

Deno.test("allowOrigin() lets pages read Retry-After", () => {
  assert.equal(allowed(null, "*").get("Access-Control-Expose-Headers"), "Retry-After");
  assert.equal(allowed(null, LIST).get("Access-Control-Expose-Headers"), "Retry-After");
});

Deno.test("preflightResponse() allows GET and the headers that clients send", () => {
  const response = preflightResponse();
  assert.equal(response.status, 204);
  assert.equal(response.body, null);
  assert.match(response.headers.get("Access-Control-Allow-Methods") ?? "", /\bGET\b/);
  const names = response.headers.get("Access-Control-Allow-Headers")?.split(/, */) ?? [];
  for (
    const name of ["authorization", "apikey", "x-client-info", "content-type", "last-event-id"]
  ) assert.ok(names.includes(name), name);
});
