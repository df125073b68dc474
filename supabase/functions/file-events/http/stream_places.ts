import type { Client } from "../auth/authenticate.ts";
import type { Clock } from "../clock.ts";
import { PlaceQueue } from "./place_queue.ts";
import { Refusal } from "./refusal.ts";
import type { FileStream } from "../stream/file_stream.ts";

export interface StreamPlacesOptions {
  /** How many streams may be open at once. */
  readonly maxStreams: number;
  /** How many of them may be one user's. */
  readonly maxStreamsPerUser: number;
  readonly clock: Clock;
}

/**
 * While the isolate is full, all streams are sent a heartbeat at most this often, in milliseconds.
 * After two of them those have ended whose clients have left.
 */
const FULL_HEARTBEAT_MS = 5_000;

interface User {
  /** How many places the user has: one for each open stream, and for each that is being opened. */
  taken: number;
  readonly streams: Set<FileStream>;
  /** Created when a request must wait. */
  queue: PlaceQueue | undefined;
}

/**
 * Limits how many streams of an isolate, and of each user, are open at once. A new stream never
 * ends an older one.
 *
 * At the user's limit a request waits about a second, while heartbeats find streams whose clients
 * have left. A place that becomes free goes to the request that has waited longest. Only requests
 * of verified users take places or wait, so that strangers take no place from users.
 */
export class StreamPlaces {
  readonly #options: StreamPlacesOptions;
  /** The users who have a place. */
  readonly #users = new Map<string, User>();
  /** The sum of the places that the users have. */
  #taken = 0;
  /** How many requests wait for a place. */
  #waiting = 0;
  /** When all streams were last sent a heartbeat, in milliseconds. */
  #heartbeatAt = -Infinity;

  constructor(options: StreamPlacesOptions) {
    this.#options = options;
  }

  /** @throws {Refusal} `OVERLOADED` if the isolate has no free place. */
  checkIsolate(): void {
    if (this.#taken < this.#options.maxStreams) return;
    this.#sendHeartbeats();
    throw new Refusal("OVERLOADED", "Too many streams are open; try again soon");
  }

  /**
   * Refuses the request if its user's queue is full. The token need not be verified, so that it costs
   * little CPU to refuse thousands of requests. All that a forged token can find out is that a user
   * has so many requests.
   *
   * @param readUserId Reads the user's id from the unverified token. It is called only if any queue
   * is full.
   * @throws {Refusal} `TOO_MANY_STREAMS`
   */
  checkClaimedUser(readUserId: () => string): void {
    // Most of the time no queue can be full.
    if (this.#waiting < this.#options.maxStreamsPerUser) return;
    if (this.#users.values().some(({ queue }) => queue?.isFull)) {
      this.#users.get(readUserId())?.queue?.checkRoom();
    }
  }

  /**
   * Opens a stream when there is a place for it. The place is free again when the stream ends, or
   * if `open` throws.
   *
   * Rejects with a {@linkcode Refusal} `OVERLOADED` or `TOO_MANY_STREAMS` if there is no place, and
   * with an `AbortError` if the client left while it waited.
   */
  async open(userId: string, open: () => FileStream, client?: Client): Promise<void> {
    this.checkIsolate();
    const user = this.#users.get(userId) ?? { taken: 0, streams: new Set(), queue: undefined };
    this.#users.set(userId, user);
    if (user.taken >= this.#options.maxStreamsPerUser) {
      // The request takes over the place of a stream that ends.
      this.#waiting++;
      user.queue ??= this.#createQueue(userId, user.streams);
      await user.queue.wait(client).finally(() => this.#waiting--);
    } else {
      user.taken++;
      this.#taken++;
    }
    try {
      this.#watch(open(), userId, user);
    } catch (error) {
      this.#free(userId, user);
      throw error;
    }
  }

  #sendHeartbeats(): void {
    const now = this.#options.clock.now();
    if (now - this.#heartbeatAt < FULL_HEARTBEAT_MS) return;
    this.#heartbeatAt = now;
    for (const { streams } of this.#users.values()) {
      for (const stream of streams) stream.sendHeartbeat();
    }
  }

  #createQueue(userId: string, streams: ReadonlySet<FileStream>): PlaceQueue {
    return new PlaceQueue({
      userId,
      max: this.#options.maxStreamsPerUser,
      sendHeartbeats: () => streams.forEach((stream) => stream.sendHeartbeat()),
      clock: this.#options.clock,
    });
  }

  #watch(stream: FileStream, userId: string, user: User): void {
    user.streams.add(stream);
    const onEnd = () => {
      user.streams.delete(stream);
      this.#free(userId, user);
    };
    if (stream.signal.aborted) onEnd();
    else stream.signal.addEventListener("abort", onEnd, { once: true });
  }

  #free(userId: string, user: User): void {
    if (user.queue?.handOver()) return;
    this.#taken--;
    user.taken--;
    if (user.taken === 0) this.#users.delete(userId);
  }
}
