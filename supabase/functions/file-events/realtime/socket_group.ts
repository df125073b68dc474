import type { RealtimeClient } from "@supabase/supabase-js";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { ChannelRequest } from "./channel_request.ts";
import { PooledSocket } from "./pooled_socket.ts";

export interface SocketGroupOptions {
  /** Makes a client that has no token and is not connected yet. */
  readonly createClient: () => RealtimeClient;
  readonly clock: Clock;
  readonly log: Log;
}

/** Sockets, and the queue of the requests for a channel on one of them. */
export class SocketGroup {
  readonly #options: SocketGroupOptions;
  readonly #sockets = new Set<PooledSocket>();
  /** In the order in which they came. */
  readonly #queue = new Set<ChannelRequest>();

  constructor(options: SocketGroupOptions) {
    this.#options = options;
  }

  /** The sockets at this moment. */
  get sockets(): PooledSocket[] {
    return [...this.#sockets];
  }

  get hasRequests(): boolean {
    return this.#queue.size > 0;
  }

  /** Appends a request. It is removed when its signal aborts. */
  enqueue(request: ChannelRequest): void {
    const { signal } = request;
    if (signal.aborted) return;
    this.#queue.add(request);
    signal.addEventListener("abort", () => void this.#queue.delete(request), { once: true });
  }

  /** Removes the first request that a connected socket can take. The others keep their places. */
  dequeue(): { request: ChannelRequest; socket: PooledSocket } | undefined {
    const usable = this.sockets.filter((socket) => socket.isConnected && socket.hasRoom);
    for (const request of this.#queue) {
      const socket = usable.find((it) => !it.hasTopic(request.topic));
      if (!socket) continue;
      this.#queue.delete(request);
      return { request, socket };
    }
  }

  /** Lets one socket with room connect: one that exists already, or else a new one. */
  connect(): void {
    const existing = this.sockets.find((socket) => socket.hasRoom && !socket.isConnected);
    const socket = existing ?? this.#open();
    // The request that needs the socket can be taken back before the socket is connected.
    socket.disconnectLater();
  }

  #open(): PooledSocket {
    const { createClient, clock, log } = this.#options;
    const onDisconnect = () => void this.#sockets.delete(socket);
    const socket = new PooledSocket(createClient(), { clock, log, onDisconnect });
    this.#sockets.add(socket);
    return socket;
  }
}
