/** The origins whose pages may read the stream: all of them, or these. */
export type AllowedOrigins = "*" | ReadonlySet<string>;

const PREFLIGHT_HEADERS = {
  "Access-Control-Allow-Methods": "GET, OPTIONS",
  "Access-Control-Allow-Headers":
    "authorization, apikey, x-client-info, content-type, last-event-id, cache-control",
  "Access-Control-Max-Age": "86400",
};

/** Adds to `headers` what lets a page of `origin` read the response. */
export function allowOrigin(headers: Headers, origin: string | null, allowed: AllowedOrigins) {
  headers.set("Access-Control-Expose-Headers", "Retry-After");
  if (allowed === "*") {
    headers.set("Access-Control-Allow-Origin", "*");
    return;
  }
  headers.append("Vary", "Origin");
  if (origin !== null && allowed.has(origin)) headers.set("Access-Control-Allow-Origin", origin);
}

/** The answer to a preflight request, yet without the origin. */
export function preflightResponse(): Response {
  return new Response(null, { status: 204, headers: PREFLIGHT_HEADERS });
}
