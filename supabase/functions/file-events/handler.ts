import { extractBearerToken, extractToken } from "./auth/extract_token.ts";
import type { Authenticate } from "./auth/authenticate.ts";
import type { AllowedOrigins } from "./http/allowed_origins.ts";
import { allowOrigin, preflightResponse } from "./http/cors.ts";
import { createEventStream } from "./http/event_stream.ts";
import type { OpenFileStream } from "./stream/file_stream.ts";
import type { Clock } from "./clock.ts";
import { jitter } from "./jitter.ts";
import type { Log } from "./log.ts";
import { renderClosing, RETRY_MS } from "./stream/stream_message.ts";
import { parseStreamParameters } from "./http/parse_stream_parameters.ts";
import { Refusal, toRefusal } from "./http/refusal.ts";
import { refusalResponse } from "./http/refusal_response.ts";

export interface HandlerOptions {
  readonly authenticate: Authenticate;
  readonly openFileStream: OpenFileStream;
  readonly allowedOrigins: AllowedOrigins;
  readonly clock: Pick<Clock, "now">;
  readonly random: () => number;
  readonly log: Log;
}

/** A token and 100 file ids need half of this length. Many proxies refuse a longer URL too. */
const MAX_URL_LENGTH = 16_384;

/** Creates the handler: a request in, an event stream or a refusal out. It never rejects. */
export function createHandler(options: HandlerOptions): (request: Request) => Promise<Response> {
  return async (request) => {
    const response = await respond(request, options)
      .catch((error) => refuse(error, request, options));
    allowOrigin(response.headers, request.headers.get("Origin"), options.allowedOrigins);
    return response;
  };
}

async function respond(
  request: Request,
  { authenticate, openFileStream, random }: HandlerOptions,
): Promise<Response> {
  if (request.method === "OPTIONS") return preflightResponse(request);
  if (request.method !== "GET") {
    throw new Refusal("METHOD_NOT_ALLOWED", "Only GET opens a stream");
  }
  if (request.url.length > MAX_URL_LENGTH) {
    throw new Refusal("URI_TOO_LONG", "The URL is too long");
  }
  const { headers } = request;
  const { searchParams } = new URL(request.url);
  const caller = await authenticate(extractToken(headers, searchParams), request);
  const parameters = parseStreamParameters(headers, searchParams);
  const { response, writer } = createEventStream({ retry: jitter(RETRY_MS, random) });
  openFileStream(caller, parameters, writer);
  return response;
}

function refuse(error: unknown, request: Request, options: HandlerOptions): Response {
  const { clock, random, log } = options;
  // The client has left, so the answer is not read.
  if (error instanceof DOMException && error.name === "AbortError") {
    return new Response(null, { status: 499 });
  }
  const refusal = toRefusal(error);
  if (!refusal) {
    log("error", "stream not set up", { error: String(error) });
    const hidden = new Refusal("SSE_SETUP_ERROR", "Failed to establish the event stream");
    return refusalResponse(hidden, random);
  }
  const { status, code, cause } = refusal;
  if (status >= 500) {
    log("warn", "stream refused", cause === undefined ? { code } : { code, cause: String(cause) });
  }
  // A native EventSource, whose token is in the URL, reconnects only if the status was 200.
  if (status !== 503 || extractBearerToken(request.headers) !== undefined) {
    return refusalResponse(refusal, random);
  }
  // This stream consists of `closing`, which says when to reconnect.
  const { response, writer } = createEventStream();
  // Both fail only if the client leaves.
  writer.write(renderClosing("busy", { now: clock.now(), random })).catch(() => {});
  writer.close().catch(() => {});
  return response;
}
