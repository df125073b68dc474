import type { Algorithm, User } from "../stand_in/users.ts";
import type { Audience, OpenTimes } from "./audience.ts";
import { EventStreamClient } from "./event_stream_client.ts";
import { inTurns } from "./in_turns.ts";

export interface StreamAudienceOptions {
  readonly port: number;
  readonly algorithm: Algorithm;
  /** Whether a stream is open only once it has sent `ready`. */
  readonly hasReady: boolean;
}

const now = () => performance.timeOrigin + performance.now();

/** Clients of event streams, one a user. */
export class StreamAudience implements Audience {
  readonly #options: StreamAudienceOptions;
  readonly #clients = new Map<string, EventStreamClient>();
  readonly #lastIds = new Map<string, string>();
  #latencies: number[] = [];
  /** How many streams their server has ended. */
  endedCount = 0;
  /** Called for each change that a user receives. */
  onChange: (userId: string) => void = () => {};

  constructor(options: StreamAudienceOptions) {
    this.#options = options;
  }

  open(users: readonly User[], perSecond = Infinity): Promise<OpenTimes[]> {
    return inTurns(users, perSecond, (user) => this.#open(user));
  }

  takeLatencies(): Promise<number[]> {
    const latencies = this.#latencies;
    this.#latencies = [];
    return Promise.resolve(latencies);
  }

  /** Cuts all connections at once. The last ids are kept for the next `open`. */
  cut(): void {
    for (const client of this.#clients.values()) client.close();
    this.#clients.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.cut();
    return Promise.resolve();
  }

  async #open(user: User): Promise<OpenTimes> {
    const { port, algorithm, hasReady } = this.#options;
    const times: OpenTimes = { userId: user.id, requestedAt: now() };
    const opened = Promise.withResolvers<void>();
    const client = await EventStreamClient.connect(port, {
      path: `/file-events?user=${user.id}`,
      token: user.tokens[algorithm],
      lastEventId: this.#lastIds.get(user.id),
      events: {
        onFirstByte() {
          times.firstByteAt = now();
          if (!hasReady) opened.resolve();
        },
        onBlock: (block) => {
          const id = /^id: (.+)$/m.exec(block)?.[1];
          if (id) this.#lastIds.set(user.id, id);
          const emittedAt = /"processing_stage":"at ([\d.]+)"/.exec(block)?.[1];
          if (emittedAt) {
            this.#latencies.push(now() - Number(emittedAt));
            this.onChange(user.id);
          } else if (hasReady && block.includes('"eventType":"ready"')) {
            times.readyAt = now();
            opened.resolve();
          }
        },
        onEnd: () => {
          this.endedCount++;
          opened.reject(new Error("A stream ended"));
        },
      },
    });
    this.#clients.set(user.id, client);
    await opened.promise;
    return times;
  }
}
