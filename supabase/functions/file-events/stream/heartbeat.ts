import type { Clock } from "../clock.ts";
import type { Lifetime } from "./lifetime.ts";
import type { Outbox } from "./outbox.ts";

export interface HeartbeatOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** Milliseconds. */
  readonly heartbeatMs: number;
}

/** A stream ends when its client has read nothing for this many heartbeats. */
const MAX_STALLED_HEARTBEATS = 2;

/** Sends heartbeats at an interval until it is stopped. It ends a stream whose client has stalled. */
export class Heartbeat {
  readonly #outbox: Outbox;
  readonly #lifetime: Lifetime;
  readonly #options: HeartbeatOptions;
  /** Heartbeats in a row at which the client had something to read and had read nothing since. */
  #stalled = 0;
  /** How many messages the client had read at the last heartbeat. */
  #readBefore = 0;
  #cancel: () => void;

  constructor(outbox: Outbox, lifetime: Lifetime, options: HeartbeatOptions) {
    this.#outbox = outbox;
    this.#lifetime = lifetime;
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
    const { isEmpty, takenCount, readCount } = this.#outbox;
    const hasUnread = !isEmpty || readCount < takenCount;
    this.#stalled = hasUnread && readCount === this.#readBefore ? this.#stalled + 1 : 0;
    this.#readBefore = readCount;
    if (this.#stalled >= MAX_STALLED_HEARTBEATS) return this.#lifetime.end("slow-consumer");
    this.#outbox.putHeartbeat();
    const { clock, heartbeatMs } = this.#options;
    this.#cancel = clock.after(heartbeatMs, this.#send);
  };
}
