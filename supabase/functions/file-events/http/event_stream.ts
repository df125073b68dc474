// The function's deno.json maps this name to server_sent_event_stream.ts.
import {
  type ServerSentEventMessage,
  ServerSentEventStream,
} from "@std/http/server-sent-event-stream";
import { EVENT_STREAM_HEADERS } from "./event_stream_headers.ts";

/** A response whose body is an event stream, and the writer of its messages. */
export interface EventStream<Message> {
  readonly response: Response;
  readonly writer: WritableStreamDefaultWriter<Message>;
}

/**
 * Creates the response that streams the messages which are written to `writer`.
 *
 * Every message must have data, because some clients treat a block without data as an event and
 * fail to parse it.
 *
 * @param retry Milliseconds that the client waits before it reconnects. The value is sent at once,
 * before there is a message, after an empty comment.
 */
export function createEventStream<Message extends ServerSentEventMessage & { data: string }>(
  { retry }: { retry?: number } = {},
): EventStream<Message> {
  const { readable, writable } = new ServerSentEventStream();
  const writer: WritableStreamDefaultWriter<ServerSentEventMessage> = writable.getWriter();
  // It fails only if the client leaves. The writer's `closed` says so too.
  if (retry !== undefined) writer.write({ comment: "", retry }).catch(() => {});
  const response = new Response(readable, { headers: EVENT_STREAM_HEADERS });
  return { response, writer };
}
