import { FakeWebSocket } from "../fake_web_socket.ts";
import type { EventQueue } from "./event_queue.ts";

export interface SimulatedRealtimeOptions {
  /** Milliseconds from a client to the server and back. */
  readonly roundTripMs: number;
  /** Counts a join, and says whether the server takes it. */
  readonly admits: () => boolean;
}

/** How long the server takes for a join. It handles the frames of a socket one after another. */
const JOIN_MS = 5;
const REFUSED_JOIN_MS = 5_000;
const TOO_MANY = "ClientJoinRateLimitReached: Too many joins per second";

/** A Realtime server and the network to it, in simulated time. It accepts all that it can answer. */
export class SimulatedRealtime {
  readonly #time: EventQueue;
  readonly #options: SimulatedRealtimeOptions;
  /** The open ones, with the frames that the server has not handled yet. */
  readonly #sockets = new Map<FakeWebSocket, string[]>();
  #isUp = true;
  joins = 0;
  refusals = 0;

  constructor(time: EventQueue, options: SimulatedRealtimeOptions) {
    this.#time = time;
    this.#options = options;
  }

  /** How many are open. */
  get sockets(): number {
    return [...this.#sockets.keys()].filter(({ isClosed }) => !isClosed).length;
  }

  createWebSocket(): WebSocket {
    const socket = new FakeWebSocket((text) => this.#afterHalf(() => this.#receive(socket, text)));
    // TCP, TLS and the upgrade.
    this.#time.after(3 * this.#options.roundTripMs, () => {
      if (!this.#isUp) return socket.lose();
      if (!socket.isClosed) this.#sockets.set(socket, []);
      socket.open();
    });
    return socket.webSocket;
  }

  /** Loses all sockets, and refuses new ones for `ms`. */
  restart(ms: number): void {
    this.#isUp = false;
    for (const socket of this.#sockets.keys()) this.#lose(socket);
    this.#time.after(ms, () => void (this.#isUp = true));
  }

  #lose(socket: FakeWebSocket): void {
    this.#sockets.delete(socket);
    socket.lose();
  }

  #afterHalf(callback: () => void): void {
    this.#time.after(this.#options.roundTripMs / 2, callback);
  }

  #receive(socket: FakeWebSocket, text: string): void {
    const frames = this.#sockets.get(socket);
    if (frames?.push(text) === 1) this.#handle(socket, frames);
  }

  #handle(socket: FakeWebSocket, frames: string[]): void {
    const [joinRef, ref, topic, event] = JSON.parse(frames[0]!);
    const send = (event: string, ref: string | null, payload: unknown) =>
      this.#afterHalf(() => socket.deliver(JSON.stringify([joinRef, ref, topic, event, payload])));
    const isJoin = event === "phx_join";
    const isRefused = isJoin && !this.#admit();
    this.#time.after(isRefused ? REFUSED_JOIN_MS : isJoin ? JOIN_MS : 0, () => {
      if (!this.#sockets.has(socket)) return;
      const response = isRefused ? { reason: TOO_MANY } : {};
      send("phx_reply", ref, { status: isRefused ? "error" : "ok", response });
      if (isRefused) return this.#afterHalf(() => this.#lose(socket));
      if (isJoin) send("system", null, { status: "ok", extension: "system" });
      frames.shift();
      if (frames.length > 0) this.#handle(socket, frames);
    });
  }

  #admit(): boolean {
    this.joins++;
    const isAdmitted = this.#options.admits();
    if (!isAdmitted) this.refusals++;
    return isAdmitted;
  }
}
