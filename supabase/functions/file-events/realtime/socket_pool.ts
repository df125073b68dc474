import type { ChannelRequest } from "./channel_request.ts";
import { JoinPace } from "./join_pace.ts";
import { createOutageLog } from "./outage_log.ts";
import { SocketGroup, type SocketGroupOptions } from "./socket_group.ts";

export interface SocketPool {
  request(request: ChannelRequest): void;
  /** Pauses all joins, because the server refused one as one too many. */
  slowDown(): void;
}

export type SocketPoolOptions = SocketGroupOptions;

/** How often the pool looks whether a socket has connected, while requests wait for it. */
const CONNECTING_INTERVAL_MS = 50;

/**
 * Creates a pool that shares few sockets among the channels of all users.
 *
 * All joins, also those after a lost socket, are made one by one and only on a connected socket. If
 * a thousand were made at once after a restart of the server, it would refuse most of them. A refused
 * join blocks its socket for five seconds. So users who were refused join on sockets apart from the
 * others.
 */
export function createSocketPool(options: SocketPoolOptions): SocketPool {
  const { clock, log } = options;
  const ordinary = new SocketGroup(options);
  /** For users whose last join was refused. */
  const quarantine = new SocketGroup(options);
  /** In the order in which they are served. */
  const groups = [ordinary, quarantine];
  const pace = new JoinPace(clock);
  const logOutage = createOutageLog(log);
  /** Whether a timer will call `serve`. */
  let isServing = false;

  function serve(): void {
    isServing = groups.some((group) => group.hasRequests);
    if (!isServing) return pace.reset();
    checkConnections();
    if (pace.pauseLeftMs > 0) return void clock.after(pace.pauseLeftMs, serve);
    let wait = CONNECTING_INTERVAL_MS;
    try {
      for (const group of groups) {
        const next = group.dequeue();
        if (next) {
          wait = pace.intervalMs;
          const { request, socket } = next;
          return request.onChannel(socket.open(request.topic, request.options, request));
        }
        if (group.hasRequests) group.connect();
      }
    } finally {
      // Also after an error, which the caller or index.ts handles: the other requests still wait.
      clock.after(wait, serve);
    }
  }

  function checkConnections(): void {
    const sockets = groups.flatMap((group) => group.sockets);
    for (const socket of sockets) socket.observe();
    logOutage(sockets.map(({ state }) => state));
    for (const socket of sockets) if (socket.hasTimedOut) socket.disconnect();
  }

  return {
    request(request) {
      const group = request.wasRefused ? quarantine : ordinary;
      group.enqueue(request);
      if (!isServing) serve();
    },
    slowDown: () => pace.slowDown(),
  };
}
