import {
  type ServerSentEventMessage,
  ServerSentEventStream,
} from "@std/http/server-sent-event-stream";
import { EVENT_STREAM_HEADERS } from "./event_stream_headers.ts";

/**
 * The response that streams `messages`.
 *
 * Every message must have data, because some clients take a block without data for an event, and
 * fail to parse it.
 *
 * @param options.retry Milliseconds that the client waits before it reconnects. They are sent at
 * once, before there is a message: as a comment and `retry`, without the blank line that would end
 * the block. The first message completes the block.
 */
export function eventStreamResponse(
  messages: ReadableStream<ServerSentEventMessage & { data: string }>,
  { retry }: { retry?: number } = {},
): Response {
  const encoded = messages.pipeThrough(new ServerSentEventStream());
  const body = retry === undefined ? encoded : encoded.pipeThrough(prepend(`:\nretry: ${retry}\n`));
  return new Response(body, { headers: EVENT_STREAM_HEADERS });
}

/** `ServerSentEventStream` cannot write half a block, so these bytes are added behind it. */
function prepend(text: string): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode(text)),
  });
}
