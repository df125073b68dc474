import type { Caller } from "./caller.ts";
import { createLifetime, type EndReason, type Isolate } from "./lifetime.ts";
import { Outbox } from "./outbox.ts";
import { createSparseLog } from "../sparse_log.ts";
import { renderClosing, renderEntry, type StreamMessage } from "./stream_message.ts";
import type { StreamParameters } from "./stream_parameters.ts";
import { synchronize, type SynchronizeOptions } from "./synchronize.ts";

export interface FileStreamOptions extends SynchronizeOptions {
  readonly isolate: Isolate;
  /** Creates an id that identifies a stream in the log. */
  readonly createId: () => string;
  /** Milliseconds. */
  readonly heartbeatMs: number;
}

/** Opens the stream of a caller's files. */
export type OpenFileStream = (
  caller: Caller,
  parameters: StreamParameters,
) => ReadableStream<StreamMessage>;

/** A stream ends when its client has read nothing for this many heartbeats. */
const MAX_STALLED_HEARTBEATS = 2;

/**
 * Creates streams that send a caller's files and then every change to them, as fast as the client
 * reads, until the client cancels or the lifetime ends. In the second case the last message is
 * `closing`.
 */
export function createOpenFileStream(options: FileStreamOptions): OpenFileStream {
  const { createId, clock, random, heartbeatMs, log } = options;
  const sparseLog = createSparseLog(log, clock);
  return (caller, parameters) => {
    const lifetime = createLifetime(caller.expiresAt, options);
    const { signal } = lifetime;
    const outbox = new Outbox(parameters.lastEventId);
    const openedAt = clock.now();
    const labels = { stream: createId(), user: caller.userId };

    /** Heartbeats in a row at which entries waited and none had been taken since the last one. */
    let stalledHeartbeats = 0;
    /** How many entries had been taken at the last heartbeat. */
    let takenAtLastHeartbeat = 0;
    function sendHeartbeat() {
      const isStalled = !outbox.isEmpty && outbox.takenCount === takenAtLastHeartbeat;
      stalledHeartbeats = isStalled ? stalledHeartbeats + 1 : 0;
      takenAtLastHeartbeat = outbox.takenCount;
      if (stalledHeartbeats >= MAX_STALLED_HEARTBEATS) return lifetime.end("slow-consumer");
      outbox.putHeartbeat();
      cancelHeartbeat = clock.after(heartbeatMs, sendHeartbeat);
    }
    // The first heartbeat comes at a random moment of the interval, so that streams which were
    // opened together do not send all their heartbeats together.
    let cancelHeartbeat = clock.after(heartbeatMs * random(), sendHeartbeat);

    function finish(controller: ReadableStreamDefaultController<StreamMessage>) {
      cancelHeartbeat();
      outbox.close();
      const reason: EndReason = signal.reason;
      if (reason !== "cancelled") {
        controller.enqueue(renderClosing(reason, { now: clock.now(), random }));
        controller.close();
      }
      const ms = clock.now() - openedAt;
      log("info", "stream closed", { ...labels, reason, ms, messages: outbox.takenCount });
    }

    return new ReadableStream({
      start(controller) {
        log("info", "stream opened", { ...labels, resumed: parameters.lastEventId !== null });
        if (signal.aborted) return finish(controller);
        signal.addEventListener("abort", () => finish(controller), { once: true });
        try {
          const context = { outbox, lifetime, labels, log: sparseLog };
          synchronize(caller, parameters, { ...options, ...context });
        } catch (error) {
          lifetime.end("cancelled");
          throw error;
        }
      },
      async pull(controller) {
        const entry = await outbox.next();
        // Nothing may follow `closing`: `enqueue` would throw, and the error would drop `closing`.
        if (entry && !signal.aborted) controller.enqueue(renderEntry(entry, clock.now()));
      },
      cancel() {
        lifetime.end("cancelled");
      },
    }, { highWaterMark: 0 });
  };
}
