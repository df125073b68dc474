import { createParser } from "eventsource-parser";
import type { FileEvent } from "../protocol.ts";

/** How an attempt ended. */
export interface Ending {
  /** As in `ConnectionStatus.reason`. Empty after a poll that was answered. */
  readonly reason: string;
  /** The HTTP status, if it was not 200. */
  readonly status?: number;
  /** The server wants at least so many milliseconds until the next attempt. */
  readonly floorMs?: number;
  /** It was a poll, and it was answered. */
  readonly isPolled?: boolean;
  /** The server has more for the next poll. */
  readonly hasMore?: boolean;
}

export interface AnswerHandler {
  /** The head of an event stream has arrived, or some of its bytes, or the whole answer of a poll. */
  readonly onBytes: (isPoll?: boolean) => void;
  readonly onRetry: (ms: number) => void;
  readonly onEvent: (event: FileEvent, id: string | undefined) => void;
}

/**
 * Reads the answer, a stream or that of a poll, until it ends or can't be read. The caller then ends
 * the request. No event is reported once the signal has aborted.
 */
export async function readAnswer(
  answer: Promise<Response>,
  signal: AbortSignal,
  { onBytes, onRetry, onEvent }: AnswerHandler,
): Promise<Ending> {
  let reason = "";
  const take = (event: unknown, id: string | undefined) => {
    // Drop what follows an event that can't be read, because a later id would cover that event too.
    if (signal.aborted || reason) return;
    if (!isEvent(event)) return void (reason = "invalid-event");
    if (event.eventType === "closing") reason = event.reason;
    onEvent(event, id);
  };
  const { feed } = createParser({ onRetry, onEvent: ({ data, id }) => take(parse(data), id) });
  // Keeps the bytes of a character that the end of a chunk has cut.
  const decoder = new TextDecoder();
  const response = await answer.catch(() => undefined);
  if (!response) return { reason: "network" };
  const { status, headers, body } = response;
  if (status !== 200) {
    const code = /"code":\s*"(\w+)/.exec(await response.text().catch(String))?.[1];
    const floorMs = 1000 * Number(headers.get("retry-after")) || 0;
    return { status, reason: code ?? `status-${status}`, floorMs };
  }
  if (!body || !/^text\/event-stream/i.test(headers.get("content-type")!)) {
    const text = await response.text().catch(() => "");
    const poll = parse(text);
    if (!Array.isArray(poll?.events)) return { reason: text ? "not-a-stream" : "network" };
    onBytes(true);
    if (poll.retry > 0) onRetry(poll.retry);
    forEachEvent(poll.events, poll.id, take);
    return { reason, isPolled: true, hasMore: poll.more };
  }
  const reader = body.getReader();
  while (!signal.aborted && !reason) {
    onBytes();
    const chunk = await reader.read().catch(() => undefined);
    if (!chunk?.value) return { reason: chunk ? "cut" : "network" };
    feed(decoder.decode(chunk.value, { stream: true }));
  }
  return { reason };
}

/**
 * Calls `take` with each of some events that one id covers: the id comes with the last of them.
 *
 * @param take Gets no id with the others.
 */
export function forEachEvent<Event>(
  events: readonly Event[],
  id: string | undefined,
  take: (event: Event, id: string | undefined) => void,
): void {
  events.forEach((event, index) => take(event, index + 1 < events.length ? undefined : id));
}

/** @returns Nothing if the text is not JSON. */
function parse(text: string) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Whether it is an event that can be applied, or one of an unknown type. */
function isEvent(value: unknown): value is FileEvent {
  const event = value as { eventType?: string; file?: { id?: string } } | undefined;
  const type = event?.eventType!;
  return !!(/^file-(update|deleted)$/.test(type) ? event!.file?.id : type);
}
