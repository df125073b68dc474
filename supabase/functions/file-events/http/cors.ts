import { type AllowedOrigins, isAllowed } from "./allowed_origins.ts";

/**
 * The headers that clients of this function and of Supabase are known to send. Other headers are
 * allowed too, if a page asks for them. These are always allowed, so that a browser which remembers
 * the answer asks less often.
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

/** Only valid header names are repeated in the answer. */
const HEADER_NAME = /^[a-z0-9!#$%&'*+.^_`|~-]+$/;

/** Adds the headers to a response that allow a page of `origin` to read it. */
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
 * Answers a preflight request. The caller adds the origin.
 *
 * The answer allows every header that is asked for. SDKs, tracers and monitors add headers, no list
 * of them could be complete, and a missing one would keep the page from the stream. This is safe,
 * because a stream depends on two headers only, the token and the cursor. A page must have the
 * user's token; cookies and other credentials are never read.
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
