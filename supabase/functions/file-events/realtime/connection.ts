import type { Clock } from "../clock.ts";
import type { Log } from "../log.ts";
import { decodeFrame, encodeFrame, type Frame } from "./frame.ts";

export interface ConnectionOptions {
  readonly clock: Clock;
  /** Must be sparse, because it writes a line for each frame that can't be read. */
  readonly log: Log;
  readonly onOpen: () => void;
  readonly onFrame: (frame: Frame) => void;
  /** The connection was lost, or was not made. Nothing is reported after that. */
  readonly onLost: () => void;
}

/** A server can accept a connection and never answer. */
const CONNECT_TIMEOUT_MS = 10_000;
/** Realtime closes a socket that has sent nothing for 66 s. */
const HEARTBEAT_MS = 25_000;

/** A WebSocket that carries frames. It connects once, and does not reconnect. */
export class Connection {
  readonly #webSocket: WebSocket;
  readonly #options: ConnectionOptions;
  #refs = 0;
  /** Whether something has arrived since the last heartbeat. */
  #isAlive = true;
  /** Cancels the timer of the connection attempt, and then that of the next heartbeat. */
  #cancelTimer: () => void;

  /** @param webSocket One that has just been made. */
  constructor(webSocket: WebSocket, options: ConnectionOptions) {
    this.#webSocket = webSocket;
    this.#options = options;
    webSocket.binaryType = "arraybuffer";
    webSocket.onopen = () => this.#open();
    webSocket.onmessage = ({ data }) => this.#receive(data);
    // An error can come without a close.
    webSocket.onerror = webSocket.onclose = () => this.#lose();
    this.#cancelTimer = options.clock.after(CONNECT_TIMEOUT_MS, () => this.#lose());
  }

  /** Whether frames can be sent. */
  get isOpen(): boolean {
    return this.#webSocket.readyState === this.#webSocket.OPEN;
  }

  /** A number that no other message of this connection has. */
  nextRef(): string {
    return String(++this.#refs);
  }

  send(frame: Frame): void {
    if (this.isOpen) this.#webSocket.send(encodeFrame(frame));
  }

  /** Closes the connection. Nothing is reported after that. */
  close(): void {
    const webSocket = this.#webSocket;
    this.#cancelTimer();
    webSocket.onopen = webSocket.onmessage = null;
    webSocket.onerror = webSocket.onclose = null;
    webSocket.close();
  }

  #open(): void {
    this.#cancelTimer();
    this.#scheduleHeartbeat();
    this.#options.onOpen();
  }

  #lose(): void {
    this.close();
    this.#options.onLost();
  }

  #receive(data: unknown): void {
    this.#isAlive = true;
    const frame = decodeFrame(data);
    if (frame) this.#options.onFrame(frame);
    else this.#options.log("warn", "realtime frame not read", { code: typeof data });
  }

  #scheduleHeartbeat(): void {
    this.#cancelTimer = this.#options.clock.after(HEARTBEAT_MS, () => this.#beat());
  }

  #beat(): void {
    if (!this.#isAlive) return this.#lose();
    this.#isAlive = false;
    const ref = this.nextRef();
    this.send({ joinRef: null, ref, topic: "phoenix", event: "heartbeat", payload: {} });
    this.#scheduleHeartbeat();
  }
}
