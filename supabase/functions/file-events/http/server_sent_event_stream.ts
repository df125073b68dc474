import { encode, encodeComment } from "eventsource-encoder";

/** One message of an event stream; every field is optional. */
export interface ServerSentEventMessage {
  /** A line that clients ignore. */
  comment?: string;
  /** The name of the event. */
  event?: string;
  /** The payload; line breaks are allowed. */
  data?: string;
  /** What the client sends back as `Last-Event-ID`. */
  id?: string | number;
  /** Milliseconds that the client waits before it reconnects. */
  retry?: number;
}

/**
 * Encodes messages in the format of `text/event-stream`.
 *
 * It has the name, the message type and the behaviour of `ServerSentEventStream` in
 * `jsr:@std/http`, which can take its place by changing one import.
 *
 * @throws {TypeError} (as the stream's error) if `event` or `id` has a line break.
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { ServerSentEventStream } from "./server_sent_event_stream.ts";
 *
 * const stream = ReadableStream.from([{ id: "7", data: "hello" }])
 *   .pipeThrough(new ServerSentEventStream())
 *   .pipeThrough(new TextDecoderStream());
 * assert.deepEqual(await Array.fromAsync(stream), ["id: 7\ndata: hello\n\n"]);
 * ```
 *
 * @see {@link https://html.spec.whatwg.org/multipage/server-sent-events.html}
 */
export class ServerSentEventStream extends TransformStream<ServerSentEventMessage, Uint8Array> {
  constructor() {
    const encoder = new TextEncoder();
    super({
      transform({ comment, ...message }, controller) {
        const text = (comment === undefined ? "" : encodeComment(comment)) +
          encode(message as Parameters<typeof encode>[0]);
        // A message without data leaves the encoder with one blank line too many.
        controller.enqueue(encoder.encode(text.replace(/\n{3}$/, "\n\n")));
      },
    });
  }
}
