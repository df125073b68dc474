/** One message of an event stream; every field is optional. */
export interface ServerSentEventMessage {
  /** Text that clients ignore. */
  comment?: string;
  /** The name of the event. */
  event?: string;
  /** The payload; line breaks are allowed. */
  data?: string;
  /** The id that the client sends as `Last-Event-ID` when it reconnects. */
  id?: string | number;
  /** Milliseconds that the client waits before it reconnects. */
  retry?: number;
}

const encoder = new TextEncoder();

const LINE_BREAK = /\r\n|\r|\n/;

/**
 * Encodes messages in the format of `text/event-stream`.
 *
 * The function imports it as `@std/http/server-sent-event-stream`; its `deno.json` maps that name to
 * this module, because JSR can't be reached everywhere. It has the interface of the standard
 * library's class. The bytes differ:
 * - It writes a space after the colon of a field, because simple clients cut off the six characters
 *   `data: `, and it writes `data` last.
 * - After a message that has nothing but `comment` and `retry` it writes no blank line. Both take
 *   effect without one, and some clients take such a block for an event without data.
 * - A message with `moreFollows` shares the chunk of the next one. The standard library ignores
 *   this property and writes a chunk for each message.
 *
 * Every conforming parser reads the same from both, except that the standard library loses a space
 * with which `data` begins.
 *
 * The stream fails with a `SyntaxError` if `event` or `id` has a line break.
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
    /** Blocks that wait for the next message, to be sent in its chunk. */
    let waiting = "";
    super({
      transform(message: ServerSentEventMessage & { moreFollows?: boolean }, controller) {
        waiting += render(message);
        if (message.moreFollows) return;
        controller.enqueue(encoder.encode(waiting));
        waiting = "";
      },
      flush(controller) {
        if (waiting) controller.enqueue(encoder.encode(waiting));
      },
    });
  }
}

function render({ comment, event, retry, id, data }: ServerSentEventMessage): string {
  let block = "";
  if (comment !== undefined) block += lines(":", comment);
  if (event !== undefined) block += `event: ${oneLine("event", event)}\n`;
  if (retry !== undefined) block += `retry: ${retry}\n`;
  if (id !== undefined) block += `id: ${oneLine("id", String(id))}\n`;
  if (data !== undefined) block += lines("data: ", data);
  const isEvent = event !== undefined || id !== undefined || data !== undefined;
  return isEvent ? `${block}\n` : block;
}

function lines(prefix: string, text: string): string {
  return text.split(LINE_BREAK).map((line) => `${prefix}${line}\n`).join("");
}

function oneLine(field: string, value: string): string {
  if (!LINE_BREAK.test(value)) return value;
  throw new SyntaxError(`Cannot encode message: ${field} contains a line break`);
}
