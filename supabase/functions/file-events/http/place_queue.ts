import type { Client } from "../auth/authenticate.ts";
import type { Clock } from "../clock.ts";
import { Refusal } from "./refusal.ts";

export interface PlaceQueueOptions {
  readonly userId: string;
  /** How many requests may wait. */
  readonly max: number;
  /** Sends a heartbeat to each open stream of the user. */
  readonly sendHeartbeats: () => void;
  readonly clock: Pick<Clock, "after">;
}

interface WaitingRequest {
  readonly client: Client | undefined;
  /** How many heartbeats each stream of the user has been sent since the request came. */
  heartbeats: number;
  readonly place: PromiseWithResolvers<void>;
}

/**
 * After this many heartbeats, the stream of a client that has left has ended. On Supabase's Edge
 * Runtime only a failing write shows that, and the first write to a closed connection does not fail.
 */
const MAX_HEARTBEATS = 2;
/** The time after each heartbeat in which a stream whose client has left ends, in milliseconds. */
const HEARTBEAT_INTERVAL_MS = 400;

/**
 * The requests of one user that wait for a place, because the user has as many streams as allowed.
 *
 * As long as requests wait, all streams of the user are sent heartbeats, so that those end whose
 * clients have left. A request is refused if it has got no place after two heartbeats. It waits 0.8
 * to 1.2 s, because requests share the heartbeats.
 */
export class PlaceQueue {
  readonly #options: PlaceQueueOptions;
  /** In the order of arrival. */
  readonly #requests: WaitingRequest[] = [];
  #cancelTimer = () => {};

  constructor(options: PlaceQueueOptions) {
    this.#options = options;
  }

  /** No further request may wait. */
  get isFull(): boolean {
    return this.#requests.length >= this.#options.max;
  }

  /** @throws {Refusal} `TOO_MANY_STREAMS` if the queue is full. */
  checkRoom(): void {
    if (this.isFull) throw this.#refusal();
  }

  /**
   * Resolves when the request has got a place. Rejects with a {@linkcode Refusal}
   * `TOO_MANY_STREAMS`, or with an `AbortError` if the client left before it got the place.
   */
  async wait(client?: Client): Promise<void> {
    this.checkRoom();
    // Deno notices that a client has left only if the signal was read before.
    void client?.signal;
    const request = { client, heartbeats: 0, place: Promise.withResolvers<void>() };
    this.#requests.push(request);
    if (this.#requests.length === 1) this.#beginRound();
    await request.place.promise;
  }

  /** Gives a place to the request that has waited longest. Returns false if none waits. */
  handOver(): boolean {
    for (let request = this.#shift(); request; request = this.#shift()) {
      if (!request.client?.signal.aborted) {
        request.place.resolve();
        return true;
      }
      request.place.reject(new DOMException("The client has left", "AbortError"));
    }
    return false;
  }

  /** Refuses the requests that have waited long enough, and sends heartbeats for the others. */
  #beginRound(): void {
    while (this.#requests[0]?.heartbeats === MAX_HEARTBEATS) {
      this.#shift()?.place.reject(this.#refusal());
    }
    if (this.#requests.length === 0) return;
    const { clock, sendHeartbeats } = this.#options;
    // The timer is set first, because a heartbeat may end a stream, and with that the waiting.
    this.#cancelTimer = clock.after(HEARTBEAT_INTERVAL_MS, () => this.#beginRound());
    for (const request of this.#requests) request.heartbeats++;
    sendHeartbeats();
  }

  /** Removes the request that has waited longest. */
  #shift(): WaitingRequest | undefined {
    const request = this.#requests.shift();
    if (this.#requests.length === 0) this.#cancelTimer();
    return request;
  }

  #refusal(): Refusal {
    const { userId } = this.#options;
    return new Refusal("TOO_MANY_STREAMS", "You have too many open streams; try again soon", {
      userId,
    });
  }
}
