// The function's deno.json maps this name to server_sent_event_stream.ts.
import {
  type ServerSentEventMessage,
  ServerSentEventStream,
} from "@std/http/server-sent-event-stream";
import { EVENT_STREAM_HEADERS } from "./event_stream_headers.ts";

/**
 * Creates the response that streams `messages`.
 *
 * Every message must have data, because some clients treat a block without data as an event and
 * fail to parse it.
 *
 * @param options.retry Milliseconds that the client waits before it reconnects. The value is sent
 * immediately, before there is a message, as a comment and `retry`. The blank line that would end
 * the block is left out, so that the first message completes the block.
 */
export function eventStreamResponse(
  messages: ReadableStream<ServerSentEventMessage & { data: string }>,
  { retry }: { retry?: number } = {},
): Response {
  const encoded = messages.pipeThrough(new ServerSentEventStream());
  const body = retry === undefined ? encoded : encoded.pipeThrough(prepend(`:\nretry: ${retry}\n`));
  return new Response(body, { headers: EVENT_STREAM_HEADERS });
}

/** Adds bytes after the encoding, because `ServerSentEventStream` cannot write half a block. */
function prepend(text: string): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode(text)),
  });
}
