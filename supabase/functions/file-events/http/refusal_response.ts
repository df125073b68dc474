import { jitter } from "../jitter.ts";
import { EVENT_STREAM_HEADERS } from "./event_stream_headers.ts";
import { JSON_HEADERS } from "./json_headers.ts";
import type { Refusal } from "./refusal.ts";

/** `Retry-After` of a 429 or 503, in seconds before jitter. */
const RETRY_AFTER_S = 10;
/**
 * `retry:` of a 401, in milliseconds before jitter. It is long because some clients repeat a
 * request that will be refused again.
 */
const REFUSED_RETRY_MS = 300_000;

/**
 * Answers a refused request with `{"error", "code"}`: as JSON, or for 401 as one Server-Sent Event
 * with a long `retry:`, unless the client polls.
 */
export function refusalResponse(
  refusal: Refusal,
  { random, isPoll }: { random: () => number; isPoll: boolean },
): Response {
  const body = JSON.stringify({ error: refusal.message, code: refusal.code });
  if (refusal.status === 401 && !isPoll) {
    const retry = jitter(REFUSED_RETRY_MS, random);
    const event = `retry: ${retry}\ndata: ${body}\n\n`;
    return new Response(event, { status: 401, headers: EVENT_STREAM_HEADERS });
  }
  const headers = new Headers(JSON_HEADERS);
  if (refusal.status === 405) headers.set("Allow", "GET, OPTIONS");
  if (refusal.isTemporary) {
    headers.set("Retry-After", String(jitter(RETRY_AFTER_S, random, { spread: 0.5 })));
  }
  return new Response(body, { status: refusal.status, headers });
}
