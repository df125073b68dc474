import type { Caller } from "./caller.ts";
import { startHeartbeat } from "./heartbeat.ts";
import { createLifetime, type EndReason, type Isolate } from "./lifetime.ts";
import type { Log } from "../log.ts";
import { Outbox } from "./outbox.ts";
import { type MessageWriter, OutboxWriter } from "./outbox_writer.ts";
import { createSparseLog } from "../sparse_log.ts";
import { renderClosing } from "./stream_message.ts";
import type { StreamParameters } from "./stream_parameters.ts";
import { synchronize, type SynchronizeOptions } from "./synchronize.ts";

export interface FileStreamOptions extends SynchronizeOptions {
  readonly isolate: Isolate;
  readonly log: Log;
  /** Creates an id that identifies a stream in the log. */
  readonly createId: () => string;
  /** Milliseconds. */
  readonly heartbeatMs: number;
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
  const { createId, clock, random, log } = options;
  const sparseLog = createSparseLog(log, clock);
  return (caller, parameters, writer) => {
    const lifetime = createLifetime(caller.expiresAt, options);
    const { signal } = lifetime;
    const openedAt = clock.now();
    const labels = { stream: createId(), user: caller.userId };
    const outbox = new Outbox(parameters.lastEventId, () => output.schedule());
    const output = new OutboxWriter(outbox, writer, clock);

    const finish = () => {
      const reason: EndReason = signal.reason;
      const now = clock.now();
      output.close(reason === "cancelled" ? undefined : renderClosing(reason, { now, random }));
      const messages = outbox.takenCount;
      log("info", "stream closed", { ...labels, reason, ms: now - openedAt, messages });
    };

    log("info", "stream opened", { ...labels, resumed: parameters.lastEventId !== null });
    if (signal.aborted) {
      finish();
    } else {
      signal.addEventListener("abort", finish, { once: true });
      writer.closed.catch(() => lifetime.end("cancelled"));
      startHeartbeat({ outbox, output, lifetime }, options);
      try {
        synchronize(caller, parameters, options, { outbox, lifetime, labels, log: sparseLog });
      } catch (error) {
        lifetime.end("cancelled");
        throw error;
      }
    }
    return { signal, sendHeartbeat: () => outbox.putHeartbeat() };
  };
}
