import type {
  RealtimeChannel,
  RealtimeChannelOptions,
  RealtimeClient,
} from "@supabase/supabase-js";
import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";

export type ConnectionState = ReturnType<RealtimeClient["connectionState"]>;

export interface PooledSocketOptions {
  readonly clock: Clock;
  readonly log: Log;
  /** Called when the socket begins to disconnect. It must not be used after that. */
  readonly onDisconnect: () => void;
}

/** Realtime refuses the 101st. And for each message a client searches all the channels it has. */
const MAX_CHANNELS = 100;
/** A server can accept a connection and never answer. After this the connection is given up. */
const CONNECT_TIMEOUT_MS = 10_000;
/** How long a socket without channels waits for the next one before it disconnects. */
const IDLE_MS = 10_000;

/** One socket with the channels on it. It connects at once, and again when it is lost. */
export class PooledSocket {
  readonly #client: RealtimeClient;
  readonly #options: PooledSocketOptions;
  /** How many channels are open or being left. */
  #channels = 0;
  /** Since when the socket has been connecting without an answer. Undefined in other states. */
  #connectingSince: number | undefined;
  #cancelIdleTimer = () => {};

  constructor(client: RealtimeClient, options: PooledSocketOptions) {
    this.#client = client;
    this.#options = options;
    // Only once, because the client reconnects by itself.
    client.connect();
  }

  /** A socket whose connection has not been answered in time counts as closed. */
  get state(): ConnectionState {
    return this.hasTimedOut ? "closed" : this.#client.connectionState();
  }

  get isConnected(): boolean {
    return this.state === "open";
  }

  get hasRoom(): boolean {
    return this.#channels < MAX_CHANNELS;
  }

  /** Whether {@link observe} has found the socket connecting for too long. */
  get hasTimedOut(): boolean {
    const since = this.#connectingSince ?? Infinity;
    return this.#options.clock.now() - since > CONNECT_TIMEOUT_MS;
  }

  /** Whether there is a channel of this topic. A client can't have a second one. */
  hasTopic(topic: string): boolean {
    return this.#client.getChannels().some(({ subTopic }) => subTopic === topic);
  }

  /** Notes since when the socket has been connecting. Call it often: the client reports no states. */
  observe(): void {
    if (this.#client.connectionState() !== "connecting") this.#connectingSince = undefined;
    else this.#connectingSince ??= this.#options.clock.now();
  }

  /** Opens a channel, which is left when `signal` aborts. */
  open(
    topic: string,
    options: RealtimeChannelOptions,
    { signal }: { signal: AbortSignal },
  ): RealtimeChannel {
    this.#cancelIdleTimer();
    this.#channels++;
    const channel = this.#client.channel(topic, options);
    signal.addEventListener("abort", () => void this.#leave(channel), { once: true });
    return channel;
  }

  /** Disconnects the socket after a while, unless it has or gets a channel. */
  disconnectLater(): void {
    this.#cancelIdleTimer();
    if (this.#channels > 0) return;
    this.#cancelIdleTimer = this.#options.clock.after(IDLE_MS, () => this.disconnect());
  }

  disconnect(): void {
    const { log, onDisconnect } = this.#options;
    this.#cancelIdleTimer();
    onDisconnect();
    this.#client.disconnect().catch((error) => {
      log("warn", "socket not closed cleanly", { error: String(error) });
    });
  }

  /** Never rejects. */
  async #leave(channel: RealtimeChannel): Promise<void> {
    // The client drops the channel at once, whatever the server answers.
    this.#channels--;
    this.disconnectLater();
    try {
      await this.#client.removeChannel(channel);
    } catch (error) {
      this.#options.log("warn", "channel not left cleanly", { error: String(error) });
    }
  }
}
