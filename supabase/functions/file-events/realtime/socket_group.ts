import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import { createSparseLog } from "../sparse_log.ts";
import type { ChannelRequest } from "./channel_request.ts";
import { type Channel, RealtimeSocket } from "./realtime_socket.ts";
import { ReconnectPace } from "./reconnect_pace.ts";

export interface SocketGroupOptions {
  /** Makes a WebSocket to Realtime. If it throws, the connection counts as failed. */
  readonly createWebSocket: () => WebSocket;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

/** A request in the queue, or the channel that it has become. */
export interface Membership {
  /** While it is in the queue. */
  request?: ChannelRequest | undefined;
  /** Since it has left the queue. */
  joined?: { readonly socket: RealtimeSocket; readonly channel: Channel };
}

/** The joins that a connected socket makes before long. */
const SOON = 16;

/** Sockets, and the queue of the requests for a channel on one of them. */
export class SocketGroup {
  readonly #options: SocketGroupOptions;
  readonly #onReady: () => void;
  readonly #sparseLog: Log;
  readonly #pace: ReconnectPace;
  readonly #sockets = new Set<RealtimeSocket>();
  /** In the order in which they came. */
  readonly #queue = new Set<Membership>();
  /** Whether the last attempt to connect has failed. */
  #isOutage = false;

  /** @param onReady Called when requests may be able to join that could not before. */
  constructor(options: SocketGroupOptions, onReady: () => void) {
    this.#options = options;
    this.#onReady = onReady;
    this.#sparseLog = createSparseLog(options.log, options.clock);
    this.#pace = new ReconnectPace(options.clock, options.random);
  }

  get hasRequests(): boolean {
    return this.#queue.size > 0;
  }

  /** Whether a socket waits for an answer that is probably a refusal. */
  get isStalled(): boolean {
    return this.#all().some((socket) => socket.isStalled);
  }

  /** Whether a request that is added now would soon be joined. */
  get isSwift(): boolean {
    if (this.#isOutage) return false;
    const swift = this.#all().filter((socket) => socket.room > 0 && !socket.isStalled);
    return swift.length > 0 && this.#queue.size <= SOON * swift.length;
  }

  /** Appends a request to the queue. */
  enqueue(request: ChannelRequest): Membership {
    const membership: Membership = { request };
    this.#queue.add(membership);
    return membership;
  }

  /** Takes a request back, or leaves its channel. */
  leave(membership: Membership): void {
    const { joined } = membership;
    if (joined) joined.socket.leave(joined.channel);
    else if (this.#queue.delete(membership)) this.#onReady();
  }

  /**
   * Joins the first request that a socket can take now. The others keep their places.
   *
   * @returns Whether there was one.
   */
  joinNext(): boolean {
    const ready = this.#all().filter((socket) => socket.isReady);
    if (ready.length === 0) return false;
    for (const membership of this.#queue) {
      const request = membership.request!;
      const socket = ready.find((socket) => !socket.hasTopic(request.topic));
      if (!socket) continue;
      this.#queue.delete(membership);
      // Drop the request, because it holds a token.
      membership.request = undefined;
      membership.joined = { socket, channel: socket.join(request) };
      return true;
    }
    return false;
  }

  /**
   * Opens the sockets that the first `joins` requests of the queue need.
   *
   * @returns After how many milliseconds this must be called again. `Infinity`: it need not.
   */
  connect(joins: number): number {
    while (this.#needsSocket(Math.min(joins, this.#queue.size))) {
      const wait = this.#pace.waitMs;
      if (wait > 0) return wait;
      this.#open();
    }
    return Infinity;
  }

  /**
   * Lets the next joins be made on other sockets than these, because a join that the server refuses
   * as one too many costs all channels of its socket.
   */
  retire(): void {
    for (const socket of this.#sockets) socket.retire();
  }

  #all(): RealtimeSocket[] {
    return [...this.#sockets];
  }

  #needsSocket(joins: number): boolean {
    const [first] = this.#queue;
    if (!first) return false;
    const sockets = this.#all();
    // While none is connected, only one attempt is made at a time.
    if (sockets.length > 0 && !sockets.some(({ isOpen }) => isOpen)) return false;
    const room = sockets.reduce((sum, socket) => sum + socket.room, 0);
    if (joins > room) return true;
    // A user can have a channel of the same topic with other rights.
    return !sockets.some((socket) => socket.room > 0 && !socket.hasTopic(first.request!.topic));
  }

  #open(): void {
    const { createWebSocket, clock } = this.#options;
    let openedAt: number | undefined;
    try {
      const socket = new RealtimeSocket(createWebSocket(), {
        clock,
        log: this.#sparseLog,
        onOpen: () => {
          openedAt = clock.now();
          this.#isOutage = false;
          this.#onReady();
        },
        onReady: this.#onReady,
        onEnd: (cause) => {
          this.#sockets.delete(socket);
          if (cause === "lost") this.#noteLoss(openedAt);
          this.#onReady();
        },
      });
      this.#sockets.add(socket);
    } catch {
      this.#noteLoss(undefined);
    }
  }

  /** @param openedAt When the lost socket had connected. `undefined` if it had not. */
  #noteLoss(openedAt: number | undefined): void {
    this.#pace.countLoss(openedAt);
    if (openedAt !== undefined) return;
    if (!this.#isOutage) this.#options.log("warn", "realtime can't be reached");
    this.#isOutage = true;
  }
}
