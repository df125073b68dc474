import type {
  RealtimeChannel,
  RealtimeChannelOptions,
  RealtimeClient,
} from "@supabase/supabase-js";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import { JoinPace } from "./join_pace.ts";
import { createOutageLog } from "./outage_log.ts";
import { PooledSocket } from "./pooled_socket.ts";

export interface ChannelRequest {
  readonly topic: string;
  readonly options: RealtimeChannelOptions;
  /** Whether the server refused the user's last join because of the user. */
  readonly wasRefused: boolean;
  /** Takes a channel of a connected socket. It must join the channel at once. */
  readonly onChannel: (channel: RealtimeChannel) => void;
  /** Removes the request from the queue, or leaves the channel. */
  readonly signal: AbortSignal;
}

export interface SocketPool {
  /** Requests a channel. */
  request(request: ChannelRequest): void;
  /** Pauses all joins, because the server refused one as one too many. */
  slowDown(): void;
}

export interface SocketPoolOptions {
  /** Makes a client that has no token and is not connected yet. */
  readonly createClient: () => RealtimeClient;
  readonly clock: Clock;
  readonly log: Log;
}

/** Sockets, and the requests that wait for a channel on one of them. */
interface SocketGroup {
  /** In the order in which they came. */
  readonly queue: Set<ChannelRequest>;
  readonly sockets: Set<PooledSocket>;
}

/** How often the queues look whether a socket has connected. */
const CONNECTING_INTERVAL_MS = 50;

/**
 * Creates a pool that shares few sockets among the channels of all users.
 *
 * All joins, also those after a lost socket, are made one by one and only on a connected socket. If
 * a thousand were made at once after a restart of the server, it would refuse most of them. A refused
 * join blocks its socket for five seconds. So users who were refused join on sockets apart from the
 * others.
 */
export function createSocketPool({ createClient, clock, log }: SocketPoolOptions): SocketPool {
  const ordinary: SocketGroup = { queue: new Set(), sockets: new Set() };
  /** For users whose last join was refused. */
  const quarantine: SocketGroup = { queue: new Set(), sockets: new Set() };
  /** In the order in which they are served. */
  const groups = [ordinary, quarantine];
  const pace = new JoinPace(clock);
  const logOutage = createOutageLog(log);
  /** Whether a timer will call `serve`. */
  let isServing = false;

  function serve(): void {
    isServing = groups.some(({ queue }) => queue.size > 0);
    if (!isServing) return pace.reset();
    checkConnections();
    if (pace.pauseLeftMs > 0) return void clock.after(pace.pauseLeftMs, serve);
    for (const group of groups) {
      const next = dequeue(group);
      if (next) {
        // Before the join, so that an error in it does not stop the queues.
        clock.after(pace.intervalMs, serve);
        return join(next);
      }
      if (group.queue.size > 0) connect(group);
    }
    clock.after(CONNECTING_INTERVAL_MS, serve);
  }

  function join({ request, socket }: { request: ChannelRequest; socket: PooledSocket }): void {
    request.onChannel(socket.open(request.topic, request.options, request));
  }

  /** Lets one socket with room connect: one that exists already, or else a new one. */
  function connect({ sockets }: SocketGroup): void {
    const onDisconnect = (socket: PooledSocket) => void sockets.delete(socket);
    const existing = sockets.values().find((it) => it.hasRoom && !it.isConnected);
    const socket = existing ?? new PooledSocket(createClient(), { clock, log, onDisconnect });
    sockets.add(socket);
    // The request that needs the socket can be removed before the socket is connected.
    socket.disconnectLater();
  }

  function checkConnections(): void {
    const sockets = groups.flatMap((group) => [...group.sockets]);
    for (const socket of sockets) socket.observe();
    logOutage(sockets.map(({ state }) => state));
    for (const socket of sockets) if (socket.hasTimedOut) socket.disconnect();
  }

  return {
    request(request) {
      const { wasRefused, signal } = request;
      if (signal.aborted) return;
      const { queue } = wasRefused ? quarantine : ordinary;
      queue.add(request);
      signal.addEventListener("abort", () => void queue.delete(request), { once: true });
      if (!isServing) serve();
    },
    slowDown: () => pace.slowDown(),
  };
}

/** Removes the first request that a connected socket can take. The others keep their places. */
function dequeue(
  { queue, sockets }: SocketGroup,
): { request: ChannelRequest; socket: PooledSocket } | undefined {
  const usable = sockets.values().filter((it) => it.isConnected && it.hasRoom).toArray();
  for (const request of queue) {
    const socket = usable.find((it) => !it.hasTopic(request.topic));
    if (!socket) continue;
    queue.delete(request);
    return { request, socket };
  }
}
