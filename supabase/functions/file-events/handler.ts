import { extractBearerToken, extractToken } from "./auth/extract_token.ts";
import type { Authenticate } from "./auth/authenticate.ts";
import { readTokenClaims } from "./auth/token_claims.ts";
import type { AllowedOrigins } from "./http/allowed_origins.ts";
import { allowOrigin, preflightResponse } from "./http/cors.ts";
import { acceptsOnlyJson } from "./http/accepts_only_json.ts";
import { createEventStream } from "./http/event_stream.ts";
import type { OpenFileStream } from "./stream/file_stream.ts";
import type { MessageWriter } from "./stream/outbox_writer.ts";
import type { Clock } from "./clock.ts";
import { jitter } from "./jitter.ts";
import type { Log } from "./log.ts";
import { renderClosing, RETRY_MS, type StreamMessage } from "./stream/stream_message.ts";
import { parseStreamParameters } from "./http/parse_stream_parameters.ts";
import { parseWait } from "./http/parse_wait.ts";
import { openPoll } from "./http/poll.ts";
import { Refusal, toRefusal } from "./http/refusal.ts";
import { refusalResponse } from "./http/refusal_response.ts";
import type { StreamPlaces } from "./http/stream_places.ts";
import { createSparseLog } from "./sparse_log.ts";

export interface HandlerOptions {
  readonly authenticate: Authenticate;
  readonly openFileStream: OpenFileStream;
  readonly places: StreamPlaces;
  readonly allowedOrigins: AllowedOrigins;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

/** A token and 100 file ids need half of this length. Many proxies refuse a longer URL too. */
const MAX_URL_LENGTH = 16_384;

/**
 * Creates the handler: a request in, an event stream, the answer to a poll, or a refusal out. It never
 * rejects.
 */
export function createHandler(options: HandlerOptions): (request: Request) => Promise<Response> {
  const sparseLog = createSparseLog(options.log, options.clock);
  return async (request) => {
    const response = await respond(request, options)
      .catch((error) => refuse(error, request, { ...options, sparseLog }));
    response.headers.append("Vary", "Accept");
    allowOrigin(response.headers, request.headers.get("Origin"), options.allowedOrigins);
    return response;
  };
}

async function respond(
  request: Request,
  { authenticate, openFileStream, places, clock, random }: HandlerOptions,
): Promise<Response> {
  if (request.method === "OPTIONS") return preflightResponse(request);
  if (request.method !== "GET") {
    throw new Refusal("METHOD_NOT_ALLOWED", "Only GET opens a stream");
  }
  if (request.url.length > MAX_URL_LENGTH) {
    throw new Refusal("URI_TOO_LONG", "The URL is too long");
  }
  const { headers } = request;
  const searchParams = parseQuery(request.url);
  const token = extractToken(headers, searchParams);
  // Both come first, because it costs CPU to verify a token.
  places.checkIsolate();
  places.checkClaimedUser(() => readTokenClaims(token, clock.now()).userId);
  const caller = await authenticate(token, request);
  const parameters = parseStreamParameters(headers, searchParams);
  const waitMs = parameters.isPoll ? parseWait(searchParams) : 0;
  let response: Response | Promise<Response> | undefined;
  await places.open(caller.userId, () => {
    const retry = jitter(RETRY_MS, random);
    const open = (writer: MessageWriter) => openFileStream(caller, parameters, writer);
    if (parameters.isPoll) {
      const { lastEventId } = parameters;
      const poll = openPoll(open, { lastEventId, waitMs, retry, client: request.signal, clock });
      response = poll.response;
      return poll.stream;
    }
    const stream = createEventStream<StreamMessage>({ retry });
    response = stream.response;
    return open(stream.writer);
  }, request);
  return await response!;
}

function parseQuery(url: string): URLSearchParams {
  try {
    return new URL(url).searchParams;
  } catch {
    // The URL contains the Host header, which a client can fill with anything. The parser's error
    // contains the whole URL with the token in it, and must not reach the log.
    throw new Refusal("INVALID_PARAMETER", "The URL is not valid");
  }
}

interface RefuseOptions extends HandlerOptions {
  /** The log for refusals, because many requests are refused at once. */
  readonly sparseLog: Log;
}

function refuse(error: unknown, request: Request, options: RefuseOptions): Response {
  const { clock, random, log, sparseLog } = options;
  // The client has left, so the answer is not read.
  if (error instanceof DOMException && error.name === "AbortError") {
    return new Response(null, { status: 499 });
  }
  const isPoll = acceptsOnlyJson(request.headers);
  const refusal = toRefusal(error);
  if (!refusal) {
    log("error", "stream not set up", { error: String(error) });
    const hidden = new Refusal("SSE_SETUP_ERROR", "Failed to establish the event stream");
    return refusalResponse(hidden, { random, isPoll });
  }
  const { code, cause, userId: user, isTemporary } = refusal;
  if (isTemporary) {
    const fields = { code, user, ...(cause !== undefined && { cause: String(cause) }) };
    sparseLog("warn", "stream refused", fields);
  }
  // A native EventSource, whose token is in the URL, reconnects only if the status was 200.
  if (!isTemporary || isPoll || extractBearerToken(request.headers) !== undefined) {
    return refusalResponse(refusal, { random, isPoll });
  }
  // This stream consists of `closing`, which says when to reconnect.
  const { response, writer } = createEventStream();
  // Both fail only if the client leaves.
  writer.write(renderClosing("busy", { now: clock.now(), random })).catch(() => {});
  writer.close().catch(() => {});
  return response;
}
