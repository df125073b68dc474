import { type AllowedOrigins, isAllowed } from "./allowed_origins.ts";

/**
 * The headers that clients of ours and Supabase's are known to send. What else a page asks for is
 * allowed too; a browser remembers these without having asked, and so asks less often.
 */
const KNOWN_HEADERS = [
  "authorization",
  "apikey",
  "x-client-info",
  "content-type",
  "last-event-id",
  "cache-control",
  "x-region",
  "x-retry-count",
  "traceparent",
  "tracestate",
  "baggage",
];

/** A header's name and nothing else, because the answer that names it is a header itself. */
const HEADER_NAME = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;

/** Adds to `headers` what lets a page of `origin` read the response. */
export function allowOrigin(headers: Headers, origin: string | null, allowed: AllowedOrigins) {
  headers.set("Access-Control-Expose-Headers", "Retry-After");
  if (allowed === "*") {
    headers.set("Access-Control-Allow-Origin", "*");
    return;
  }
  headers.append("Vary", "Origin");
  if (origin !== null && isAllowed(origin, allowed)) {
    headers.set("Access-Control-Allow-Origin", origin);
  }
}

/**
 * The answer to a preflight request, yet without the origin.
 *
 * It allows every header that is asked for: SDKs, tracers and monitors add headers of which no list
 * could be complete, and one that is missing keeps the page from the stream. That is safe, because
 * a stream depends on no header but the two that are ours, the token and the cursor: a page must
 * have the user's token, and no cookie or other credential is ever taken.
 */
export function preflightResponse(request: Request): Response {
  const requested = request.headers.get("Access-Control-Request-Headers") ?? "";
  const names = requested.toLowerCase().split(",").map((name) => name.trim());
  const allowed = new Set([...KNOWN_HEADERS, ...names.filter((name) => HEADER_NAME.test(name))]);
  return new Response(null, {
    status: 204,
    headers: {
      "Access-Control-Allow-Methods": "GET, OPTIONS",
      "Access-Control-Allow-Headers": [...allowed].join(", "),
      "Access-Control-Max-Age": "86400",
      "Vary": "Access-Control-Request-Headers",
    },
  });
}
