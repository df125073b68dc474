import { Backlog } from "./backlog.ts";
import type { Caller } from "./caller.ts";
import { Heartbeat } from "./heartbeat.ts";
import { type EndReason, type Isolate, Lifetime } from "./lifetime.ts";
import type { Log } from "../log.ts";
import { Outbox } from "./outbox.ts";
import { type MessageWriter, OutboxWriter } from "./outbox_writer.ts";
import { createSparseLog } from "../sparse_log.ts";
import { renderClosing } from "./stream_message.ts";
import type { StreamParameters } from "./stream_parameters.ts";
import { Synchronizer, type SynchronizerOptions } from "./synchronizer.ts";

export interface FileStreamOptions extends SynchronizerOptions {
  readonly isolate: Isolate;
  /** Creates an id that identifies a stream in the log. */
  readonly createId: () => string;
  /** Milliseconds. */
  readonly heartbeatMs: number;
  readonly log: Log;
}

/** A stream that has been opened. */
export interface FileStream {
  /** Aborts when the stream ends. */
  readonly signal: AbortSignal;
  /** Sends a heartbeat now. If the client has left, the write fails and the stream ends. */
  sendHeartbeat(): void;
}

/** Opens the stream of a caller's files. It ends when the writer's stream does. */
export type OpenFileStream = (
  caller: Caller,
  parameters: StreamParameters,
  writer: MessageWriter,
) => FileStream;

/**
 * Creates a function that opens streams. A stream writes a caller's files and then every change to
 * them, as fast as the client reads, until the client leaves or the lifetime ends. In the second
 * case the last message is `closing`.
 */
export function createOpenFileStream(options: FileStreamOptions): OpenFileStream {
  const { isolate, createId, clock, random, log } = options;
  const sparseLog = createSparseLog(log, clock);
  const backlog = new Backlog();
  /** The lifetimes of all open streams. */
  const lifetimes = new Set<Lifetime>();
  isolate.shutdown.addEventListener("abort", () => {
    for (const lifetime of lifetimes) lifetime.end("shutdown");
  }, { once: true });

  return (caller, parameters, writer) => {
    const openedAt = clock.now();
    const { lastEventId, isPoll } = parameters;
    const labels = { stream: createId(), user: caller.userId };
    const lifetime = new Lifetime(caller.expiresAt, options);
    const { signal } = lifetime;
    const outbox = new Outbox(lastEventId, () => output.schedule(), backlog);
    const output = new OutboxWriter(outbox, writer, clock);
    const heartbeat = new Heartbeat(outbox, lifetime, options);
    const stream = { outbox, lifetime, labels, log: sparseLog };
    const synchronizer = new Synchronizer(caller, parameters, stream, options);

    const finish = () => {
      lifetimes.delete(lifetime);
      heartbeat.stop();
      synchronizer.stop();
      const reason: EndReason = signal.reason;
      const now = clock.now();
      const hasClient = reason !== "cancelled" && reason !== "answered";
      output.close(hasClient ? renderClosing(reason, { now, random }) : undefined);
      if (isPoll) return sparseLog("info", "polls answered", { user: caller.userId });
      const messages = outbox.takenCount;
      log("info", "stream closed", { ...labels, reason, ms: now - openedAt, messages });
    };

    // Polls are many and short. Two lines for each would hide those of streams.
    if (!isPoll) log("info", "stream opened", { ...labels, resumed: lastEventId !== null });
    if (signal.aborted) {
      finish();
    } else {
      lifetimes.add(lifetime);
      signal.addEventListener("abort", finish, { once: true });
      writer.closed.catch(() => lifetime.end(isPoll ? "answered" : "cancelled"));
      try {
        synchronizer.start();
      } catch (error) {
        lifetime.end("cancelled");
        throw error;
      }
    }
    return { signal, sendHeartbeat: () => outbox.putHeartbeat() };
  };
}
