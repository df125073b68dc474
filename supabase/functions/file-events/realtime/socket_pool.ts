import type {
  RealtimeChannel,
  RealtimeChannelOptions,
  RealtimeClient,
} from "@supabase/supabase-js";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";

export interface ChannelRequest {
  readonly topic: string;
  readonly options: RealtimeChannelOptions;
  /** Whether the server has refused the user's last join. */
  readonly wasRefused: boolean;
  /** Takes the channel, to be joined at once. */
  readonly onChannel: (channel: RealtimeChannel) => void;
}

/** Where channels come from and go to. */
export interface SocketPool {
  /** Asks for a channel on a connected socket. The returned function takes the request back. */
  request(request: ChannelRequest): () => void;
  /** Leaves a channel. Never rejects. */
  release(channel: RealtimeChannel): void;
  /** The server has refused a join because there were too many: all of them wait. */
  slowDown(): void;
}

export interface SocketPoolOptions {
  /** Makes a client that has no token of its own and does not connect yet. */
  readonly createClient: () => RealtimeClient;
  readonly clock: Clock;
  readonly log: Log;
}

interface Socket {
  readonly client: RealtimeClient;
  readonly isQuarantine: boolean;
  readonly channels: Set<RealtimeChannel>;
  /** Since when it has been trying to connect without an answer (ms), if it is. */
  connectingSince: number | undefined;
  cancelDisconnect: () => void;
}

/** Realtime refuses the 101st; and for each message a client looks through all it has. */
const MAX_CHANNELS = 100;
/** Between joins: half of those that Realtime grants a project by default, for others join too. */
const JOIN_INTERVAL_MS = 1_000 / 50;
/** Between looks at sockets that are being connected. */
const CONNECTING_INTERVAL_MS = 50;
/** A server that takes a connection and never answers: another connection is tried then. */
const CONNECT_TIMEOUT_MS = 10_000;
/** How long nobody joins when the server has had too many joins; doubled while it says so. */
const PAUSE_MS = { first: 1_000, last: 30_000 };
/**
 * How much slower the joins then go, doubled with each pause until nobody waits: a join too many
 * costs its socket all channels, so isolates that went on at full pace would never all get in.
 */
const MAX_SLOWNESS = 32;
/** How long a socket without channels waits for the next one. */
const IDLE_MS = 10_000;

/**
 * Shares few sockets among the channels of all users.
 *
 * Joins, and those after a lost socket too, go one by one and only on a connected socket: a burst of
 * them, such as a thousand after a restart of the server, would be refused. A refused join blocks
 * its socket for five seconds, so users who have been refused join apart from the others.
 */
export function createSocketPool({ createClient, clock, log }: SocketPoolOptions): SocketPool {
  const sockets = new Set<Socket>();
  const owners = new WeakMap<RealtimeChannel, Socket>();
  const queue = new Set<ChannelRequest>();
  let isServing = false;
  let isUnreachable = false;
  let pausedUntil = -Infinity;
  let pause = PAUSE_MS.first;
  let slowness = 1;

  function serve(): void {
    isServing = queue.size > 0;
    if (!isServing) return void (slowness = 1);
    noteReachability();
    const pausedFor = pausedUntil - clock.now();
    if (pausedFor > 0) return void clock.after(pausedFor, serve);
    for (const isQuarantine of [false, true]) {
      if (!serveFrom(isQuarantine)) continue;
      return void clock.after(JOIN_INTERVAL_MS * slowness, serve);
    }
    clock.after(CONNECTING_INTERVAL_MS, serve);
  }

  /** Hands out one channel of this kind of sockets, or sees to it that there will be such a socket. */
  function serveFrom(isQuarantine: boolean): boolean {
    const requests = queue.values().filter((it) => it.wasRefused === isQuarantine).toArray();
    if (requests.length === 0) return false;
    const withRoom = sockets.values().filter((socket) => {
      return socket.isQuarantine === isQuarantine && socket.channels.size < MAX_CHANNELS;
    }).toArray();
    const connected = withRoom.filter(isConnected);
    for (const request of requests) {
      const socket = connected.find((it) => !channelOf(it, request.topic));
      if (socket) {
        hand(request, socket);
        return true;
      }
    }
    // A client has one channel a topic. Whoever asks for a topic that is being left waits for that;
    // one that stays, for other rights of the same user, needs another socket.
    const isLeaving = ({ topic }: ChannelRequest) =>
      connected.some((socket) => {
        const channel = channelOf(socket, topic);
        return channel !== undefined && !owners.has(channel);
      });
    if (!requests.every(isLeaving)) {
      disconnectLater(withRoom.find((it) => !isConnected(it)) ?? connect(isQuarantine));
    }
    return false;
  }

  function hand(request: ChannelRequest, socket: Socket): void {
    queue.delete(request);
    socket.cancelDisconnect();
    const channel = socket.client.channel(request.topic, request.options);
    socket.channels.add(channel);
    owners.set(channel, socket);
    request.onChannel(channel);
  }

  function connect(isQuarantine: boolean): Socket {
    const socket: Socket = {
      client: createClient(),
      isQuarantine,
      channels: new Set(),
      connectingSince: undefined,
      cancelDisconnect: () => {},
    };
    sockets.add(socket);
    // Once: when the connection is lost the client connects again by itself.
    socket.client.connect();
    return socket;
  }

  /** Gives up sockets that hang, and logs once an outage that there is one. */
  function noteReachability(): void {
    const states = sockets.values().map((socket) => {
      const state = socket.client.connectionState();
      if (state !== "connecting") socket.connectingSince = undefined;
      else socket.connectingSince ??= clock.now();
      const isHanging = clock.now() - (socket.connectingSince ?? Infinity) > CONNECT_TIMEOUT_MS;
      if (isHanging) disconnect(socket);
      return isHanging ? "closed" : state;
    }).toArray();
    const isDown = states.includes("closed");
    if (isDown && !isUnreachable) log("warn", "realtime can't be reached");
    // A socket that is being connected says nothing yet.
    const isUp = states.length > 0 && states.every((state) => state === "open");
    if (isDown || isUp) isUnreachable = isDown;
  }

  function disconnect(socket: Socket): void {
    socket.cancelDisconnect();
    sockets.delete(socket);
    socket.client.disconnect().catch((error) => failed("socket not closed cleanly", error));
  }

  /** Unless a channel comes; the request that the socket waits for may be taken back. */
  function disconnectLater(socket: Socket): void {
    socket.cancelDisconnect();
    socket.cancelDisconnect = clock.after(IDLE_MS, () => {
      if (socket.channels.size === 0) disconnect(socket);
    });
  }

  async function leave(channel: RealtimeChannel, socket: Socket): Promise<void> {
    await socket.client.removeChannel(channel);
    socket.channels.delete(channel);
    if (socket.channels.size === 0) disconnectLater(socket);
  }

  function failed(event: string, error: unknown): void {
    log("warn", event, { error: String(error) });
  }

  return {
    request(request) {
      queue.add(request);
      if (!isServing) serve();
      return () => void queue.delete(request);
    },
    release(channel) {
      const socket = owners.get(channel);
      owners.delete(channel);
      if (socket) {
        leave(channel, socket).catch((error) => failed("channel not left cleanly", error));
      }
    },
    slowDown() {
      const now = clock.now();
      // Joins that were under way when the pause began are refused too.
      if (now < pausedUntil) return;
      pause = now - pausedUntil > PAUSE_MS.last
        ? PAUSE_MS.first
        : Math.min(pause * 2, PAUSE_MS.last);
      pausedUntil = now + pause;
      slowness = Math.min(slowness * 2, MAX_SLOWNESS);
    },
  };
}

function isConnected(socket: Socket): boolean {
  return socket.client.connectionState() === "open";
}

/** The client's channel of a topic, be it in use or being left. */
function channelOf(socket: Socket, topic: string): RealtimeChannel | undefined {
  return socket.client.getChannels().find(({ subTopic }) => subTopic === topic);
}
