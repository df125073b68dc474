import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import type { ChannelLoss } from "./channel_loss.ts";
import type { ChannelListener, ChannelRequest } from "./channel_request.ts";
import { Connection } from "./connection.ts";
import type { Frame } from "./frame.ts";
import { type Join, UnansweredJoins } from "./unanswered_joins.ts";

/** A channel on a socket. It is opaque to all but the socket. */
export interface Channel extends Join {
  readonly topic: string;
  /** The `ref` of its join. It tells its frames from those of an earlier channel of the topic. */
  readonly joinRef: string;
  readonly listener: ChannelListener;
  /** Whether the server has accepted the join. */
  isJoined: boolean;
}

export interface RealtimeSocketOptions {
  readonly clock: Clock;
  /** Must be sparse, because it writes a line for each frame or channel that goes wrong. */
  readonly log: Log;
  readonly onOpen: () => void;
  /** The socket can take another join, because one was answered or a channel has gone. */
  readonly onReady: () => void;
  /** The socket was lost, or has closed because nobody uses it. Its channels learn of it after this. */
  readonly onEnd: (cause: "lost" | "idle") => void;
}

/** Realtime refuses the 101st. */
const MAX_CHANNELS = 100;
/** How many joins may wait for an answer. A server handles the joins of a socket one by one. */
const MAX_UNANSWERED = 8;
/** How long a socket without channels waits for the next one before it closes. */
const IDLE_MS = 10_000;

/** One connection to Realtime with the channels on it. When the connection is lost, it has ended. */
export class RealtimeSocket {
  readonly #connection: Connection;
  readonly #options: RealtimeSocketOptions;
  /** By topic. A socket can have one channel of each. */
  readonly #channels = new Map<string, Channel>();
  /** Those of them whose join has no answer. */
  readonly #unanswered: UnansweredJoins<Channel>;
  #isRetired = false;
  #cancelIdleTimer = () => {};

  constructor(webSocket: WebSocket, options: RealtimeSocketOptions) {
    this.#options = options;
    const giveUp = this.#guarded((channel: Channel) => this.#giveUp(channel));
    this.#unanswered = new UnansweredJoins(options.clock, giveUp);
    this.#connection = new Connection(webSocket, {
      clock: options.clock,
      log: options.log,
      onOpen: options.onOpen,
      onFrame: this.#guarded((frame) => this.#receive(frame)),
      onLost: () => this.#lose(),
    });
    this.#closeIfIdle();
  }

  get isOpen(): boolean {
    return this.#connection.isOpen;
  }

  /** How many channels it can take. */
  get room(): number {
    return this.#isRetired ? 0 : MAX_CHANNELS - this.#channels.size;
  }

  /** Whether the next join can be sent now. */
  get isReady(): boolean {
    return this.room > 0 && this.#unanswered.size < MAX_UNANSWERED && this.isOpen;
  }

  /** Whether a join has waited for its answer so long that the server is probably refusing it. */
  get isStalled(): boolean {
    return this.#unanswered.isStalled;
  }

  hasTopic(topic: string): boolean {
    return this.#channels.has(inFrames(topic));
  }

  /** Joins a channel. The socket must be ready, and must not have the topic. */
  join(request: ChannelRequest): Channel {
    this.#cancelIdleTimer();
    const topic = inFrames(request.topic);
    const joinRef = this.#connection.nextRef();
    const requestedAt = this.#options.clock.now();
    const channel = { topic, joinRef, requestedAt, listener: request.listener, isJoined: false };
    this.#channels.set(topic, channel);
    this.#unanswered.add(channel);
    const payload = request.join;
    this.#connection.send({ joinRef, ref: joinRef, topic, event: "phx_join", payload });
    return channel;
  }

  /** Leaves a channel. Its place is free at once, whatever the server answers. */
  leave(channel: Channel): void {
    if (!this.#remove(channel)) return;
    this.#sendLeave(channel);
    this.#options.onReady();
  }

  /** Lets the socket take no more channels, if it has some. */
  retire(): void {
    this.#isRetired ||= this.#channels.size > 0;
  }

  #sendLeave({ topic, joinRef }: Channel): void {
    const ref = this.#connection.nextRef();
    this.#connection.send({ joinRef, ref, topic, event: "phx_leave", payload: {} });
  }

  #receive({ joinRef, ref, topic, event, payload }: Frame): void {
    const channel = this.#channels.get(topic);
    // Frames of a channel that was left can still arrive when its topic has been joined again.
    if (!channel || (joinRef !== null && joinRef !== channel.joinRef)) return;
    switch (event) {
      case "phx_reply":
        if (ref === channel.joinRef && !channel.isJoined) this.#receiveAnswer(channel, payload);
        return;
      case "phx_error":
        return this.#end(channel, { kind: "failure", reason: "channel error" });
      case "phx_close":
        return this.#end(channel, { kind: "failure", reason: "channel closed" });
      default:
        // Before the answer only frames of an earlier channel of the topic can arrive.
        if (channel.isJoined) channel.listener.onMessage(event, payload);
    }
  }

  #receiveAnswer(channel: Channel, payload: unknown): void {
    const { status, response } = (payload ?? {}) as { status?: unknown; response?: unknown };
    if (status !== "ok") {
      const { reason } = (response ?? {}) as { reason?: unknown };
      return this.#end(channel, { kind: "refusal", reason: String(reason) });
    }
    channel.isJoined = true;
    this.#unanswered.delete(channel);
    try {
      channel.listener.onJoined();
    } finally {
      this.#options.onReady();
    }
  }

  /** Ends a channel that the server does not have, or no longer has. */
  #end(channel: Channel, loss: ChannelLoss): void {
    this.#remove(channel);
    try {
      channel.listener.onLoss(loss);
    } finally {
      this.#options.onReady();
    }
  }

  #remove(channel: Channel): boolean {
    if (this.#channels.get(channel.topic) !== channel) return false;
    this.#channels.delete(channel.topic);
    this.#unanswered.delete(channel);
    this.#closeIfIdle();
    return true;
  }

  #lose(): void {
    const channels = [...this.#channels.values()];
    this.#clear();
    this.#options.onEnd("lost");
    channels.forEach(this.#guarded(({ listener }) => listener.onLoss({ kind: "socket" })));
  }

  /** Logs an error that a listener throws, so that the other channels still get their messages. */
  #guarded<T>(handle: (value: T) => void): (value: T) => void {
    return (value) => {
      try {
        handle(value);
      } catch (error) {
        this.#options.log("error", "unhandled error", { error: String(error) });
      }
    };
  }

  #closeIfIdle(): void {
    this.#cancelIdleTimer();
    if (this.#channels.size > 0) return;
    this.#cancelIdleTimer = this.#options.clock.after(IDLE_MS, () => {
      this.#clear();
      this.#connection.close();
      this.#options.onEnd("idle");
    });
  }

  #giveUp(channel: Channel): void {
    // The socket may be dead, and the next joins would have no answer either.
    this.#isRetired = true;
    // The server may have joined it.
    this.#sendLeave(channel);
    this.#end(channel, { kind: "failure", reason: "join not answered" });
  }

  #clear(): void {
    this.#channels.clear();
    this.#unanswered.clear();
    this.#cancelIdleTimer();
  }
}

function inFrames(topic: string): string {
  return `realtime:${topic}`;
}
