import assert from "node:assert/strict";
import {
  allowOrigin,
  preflightResponse,
} from "../../../supabase/functions/file-events/http/cors.ts";

const ORIGIN = "https://app.example.com";
const LIST = new Set([ORIGIN, "http://localhost:3000", "https://*.preview.example"]);

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

Deno.test("allowOrigin() names the page's own origin where a wildcard of the list allows it", () => {
  const headers = allowed("https://pr-7.preview.example", LIST);
  assert.equal(headers.get("Access-Control-Allow-Origin"), "https://pr-7.preview.example");
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

function preflight(requested: string | null): Response {
  const headers = new Headers();
  if (requested !== null) headers.set("Access-Control-Request-Headers", requested);
  return preflightResponse(
    new Request("https://project.supabase.co/functions/v1/file-events", {
      method: "OPTIONS",
      headers,
    }),
  );
}

const allowedHeaders = (response: Response) =>
  response.headers.get("Access-Control-Allow-Headers")?.split(/, */) ?? [];

Deno.test("preflightResponse() allows GET and the headers that clients are known to send", () => {
  const response = preflight(null);
  assert.equal(response.status, 204);
  assert.equal(response.body, null);
  assert.match(response.headers.get("Access-Control-Allow-Methods") ?? "", /\bGET\b/);
  for (
    const name of ["authorization", "apikey", "x-client-info", "content-type", "last-event-id"]
  ) assert.ok(allowedHeaders(response).includes(name), name);
});

Deno.test("preflightResponse() allows whatever header a page asks for, each once, in any case", () => {
  const requested = ["authorization", "sentry-trace", "X-Datadog-Trace-Id", "b3"];
  for (const separator of [",", ", "]) {
    const allowed = allowedHeaders(preflight(requested.join(separator)));
    for (const name of requested) assert.ok(allowed.includes(name.toLowerCase()), name);
    assert.equal(new Set(allowed).size, allowed.length);
  }
});

Deno.test("preflightResponse() repeats nothing that is not a header's name", () => {
  const allowed = allowedHeaders(preflight('x-good, a b, x:y, x;y, ,"q"'));
  assert.deepEqual(allowed.slice(allowedHeaders(preflight(null)).length), ["x-good"]);
});

Deno.test("preflightResponse() says what it depends on and how long it holds, and takes no credentials", () => {
  const { headers } = preflight("authorization");
  allowOrigin(headers, ORIGIN, LIST);
  assert.equal(headers.get("Vary"), "Access-Control-Request-Headers, Origin");
  assert.equal(headers.get("Access-Control-Max-Age"), "86400");
  assert.equal(headers.get("Access-Control-Allow-Credentials"), null);
});
