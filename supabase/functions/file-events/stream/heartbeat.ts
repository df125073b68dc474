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

/** The parts of a stream that its heartbeat needs. */
interface StreamParts {
  readonly outbox: Outbox;
  readonly output: OutboxWriter;
  readonly lifetime: Lifetime;
}

/** A stream ends when its client has read nothing for this many heartbeats. */
const MAX_STALLED_HEARTBEATS = 2;

/** Sends heartbeats at an interval until it is stopped. It ends a stream whose client has stalled. */
export class Heartbeat {
  readonly #stream: StreamParts;
  readonly #options: HeartbeatOptions;
  /** Heartbeats in a row at which the client had something to read and had read nothing. */
  #stalled = 0;
  /** How many messages the client had read at the last heartbeat. */
  #readBefore = 0;
  #cancel: () => void;

  constructor(stream: StreamParts, options: HeartbeatOptions) {
    this.#stream = stream;
    this.#options = options;
    const { clock, random, heartbeatMs } = options;
    // The first heartbeat comes at a random moment of the interval, so that streams which were
    // opened together do not send all their heartbeats together.
    this.#cancel = clock.after(heartbeatMs * random(), this.#send);
  }

  stop(): void {
    this.#cancel();
  }

  readonly #send = () => {
    const { outbox, output, lifetime } = this.#stream;
    const isStalled = output.isWriting && output.readCount === this.#readBefore;
    this.#stalled = isStalled ? this.#stalled + 1 : 0;
    this.#readBefore = output.readCount;
    if (this.#stalled >= MAX_STALLED_HEARTBEATS) return lifetime.end("slow-consumer");
    outbox.putHeartbeat();
    const { clock, heartbeatMs } = this.#options;
    this.#cancel = clock.after(heartbeatMs, this.#send);
  };
}
