import { createParser } from "eventsource-parser";
import type { FileEvent } from "../protocol.ts";

/** How an attempt ended. */
export interface Ending {
  /** As in `ConnectionStatus.reason`. */
  readonly reason: string;
  /** The HTTP status, if it was not 200. */
  readonly status?: number;
  /** The server wants at least so many milliseconds until the next attempt. */
  readonly floorMs?: number;
}

export interface StreamHandler {
  /** The head of an event stream has arrived, or some of its bytes. */
  readonly onBytes: () => void;
  readonly onRetry: (ms: number) => void;
  readonly onEvent: (event: FileEvent, id: string | undefined) => void;
}

/**
 * Reads the answer until it ends or can't be read. The caller then ends the request. No event is
 * reported once the signal has aborted.
 */
export async function followStream(
  answer: Promise<Response>,
  signal: AbortSignal,
  { onBytes, onRetry, onEvent }: StreamHandler,
): Promise<Ending> {
  let reason = "";
  const { feed } = createParser({
    onRetry,
    onEvent({ data, id }) {
      // Drop what follows an event that can't be read, because a later id would cover that event too.
      if (signal.aborted || reason) return;
      const event = parseEvent(data);
      if (event?.eventType === "closing") reason = event.reason;
      if (event) onEvent(event, id);
      else reason = "invalid-event";
    },
  });
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
    return { reason: "not-a-stream" };
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

/** Returns nothing if the data is not an event. An event of an unknown type is one. */
function parseEvent(data: string): FileEvent | undefined {
  try {
    const event = JSON.parse(data);
    const isOfFile = /^file-(update|deleted)$/.test(event.eventType);
    return (isOfFile ? event.file.id : event.eventType) ? event : undefined;
  } catch {
    return undefined;
  }
}
