import { createParser } from "eventsource-parser";
import type { FileEvent } from "../protocol.ts";

/** How an attempt ended. */
export interface Ending {
  /** As in `ConnectionStatus.reason`. */
  readonly reason: string;
  /** The HTTP status, if it was not 200. */
  readonly status?: number;
  /** The server wants at least so many milliseconds until the next attempt. */
  readonly retryAfterMs?: number;
}

export interface StreamHandler {
  /** The head of an event stream has arrived, or some of its bytes. */
  readonly onBytes: () => void;
  readonly onRetry: (ms: number) => void;
  readonly onEvent: (event: FileEvent, id: string | undefined) => void;
}

/** Characters of an event that has not ended. Nothing that the server sends comes near. */
const MAX_BUFFER_SIZE = 2 ** 26;

/**
 * Reads the answer until it ends or makes no sense; the caller then ends the request. No event is
 * reported once the signal has aborted.
 */
export async function followStream(
  answer: Promise<Response>,
  signal: AbortSignal,
  { onBytes, onRetry, onEvent }: StreamHandler,
): Promise<Ending> {
  let reason = "";
  const { feed } = createParser({
    maxBufferSize: MAX_BUFFER_SIZE,
    onRetry,
    onEvent({ data, id }) {
      // After an event that can't be read, an id may cover it.
      if (signal.aborted || reason) return;
      const event = parseEvent(data);
      if (!event) reason = "invalid-event";
      else {
        if (event.eventType === "closing") reason = event.reason;
        onEvent(event, id);
      }
    },
  });
  // Keeps the bytes of a character that the end of a chunk has cut.
  const decoder = new TextDecoder();
  try {
    const response = await answer;
    const { status, headers, body } = response;
    if (status !== 200) return await judge(response);
    if (!/^text\/event-stream/.test(headers.get("content-type")!)) {
      return { reason: "not-a-stream" };
    }
    const reader = body!.getReader();
    while (!signal.aborted && !reason) {
      onBytes();
      const { done, value } = await reader.read();
      if (done) return { reason: "cut" };
      feed(decoder.decode(value, { stream: true }));
    }
  } catch {
    reason = "network";
  }
  return { reason };
}

/** Returns nothing if the data is not an event. An event of an unknown type is one. */
function parseEvent(data: string): FileEvent | undefined {
  try {
    const event = JSON.parse(data);
    return event.eventType.startsWith("file-") && !event.file.id ? undefined : event;
  } catch {
    return undefined;
  }
}

async function judge(response: Response): Promise<Ending> {
  const { status, headers } = response;
  return {
    status,
    reason: /"code":\s*"(\w+)/.exec(await response.text())?.[1] ?? `status-${status}`,
    retryAfterMs: 1000 * Number(headers.get("retry-after")) || 0,
  };
}
