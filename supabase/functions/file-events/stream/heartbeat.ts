import type { Clock } from "../clock.ts";
import type { Lifetime } from "./lifetime.ts";
import type { Outbox } from "./outbox.ts";
import type { OutboxWriter } from "./outbox_writer.ts";

export interface HeartbeatOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** Milliseconds. */
  readonly heartbeatMs: number;
}

/** A stream ends when its client has read nothing for this many heartbeats. */
const MAX_STALLED_HEARTBEATS = 2;

/** Sends heartbeats at an interval until the stream ends, and ends it if its client has stalled. */
export function startHeartbeat(
  { outbox, output, lifetime }: { outbox: Outbox; output: OutboxWriter; lifetime: Lifetime },
  { clock, random, heartbeatMs }: HeartbeatOptions,
): void {
  /** Heartbeats in a row at which the client had messages to read and had read none since the last. */
  let stalled = 0;
  /** How many messages the client had read at the last heartbeat. */
  let readBefore = 0;
  function send(): void {
    const isStalled = output.isWriting && output.readCount === readBefore;
    stalled = isStalled ? stalled + 1 : 0;
    readBefore = output.readCount;
    if (stalled >= MAX_STALLED_HEARTBEATS) return lifetime.end("slow-consumer");
    outbox.putHeartbeat();
    cancel = clock.after(heartbeatMs, send);
  }
  // The first heartbeat comes at a random moment of the interval, so that streams which were opened
  // together do not send all their heartbeats together.
  let cancel = clock.after(heartbeatMs * random(), send);
  lifetime.signal.addEventListener("abort", () => cancel(), { once: true });
}
