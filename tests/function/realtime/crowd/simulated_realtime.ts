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
  readonly #sockets = new Set<SimulatedSocket>();
  isUp = true;
  joins = 0;
  refusals = 0;

  constructor(time: EventQueue, options: SimulatedRealtimeOptions) {
    this.#time = time;
    this.#options = options;
  }

  get sockets(): number {
    return this.#sockets.size;
  }

  createWebSocket(): WebSocket {
    const socket = new SimulatedSocket((text) =>
      this.#afterHalf(() => this.#receive(socket, text))
    );
    socket.onGone = () => this.#sockets.delete(socket);
    // TCP, TLS and the upgrade.
    this.#time.after(3 * this.#options.roundTripMs, () => {
      if (!this.isUp) return socket.lose();
      this.#sockets.add(socket);
      socket.open();
    });
    return socket as unknown as WebSocket;
  }

  /** Loses all sockets, and refuses new ones for `ms`. */
  restart(ms: number): void {
    this.isUp = false;
    for (const socket of [...this.#sockets]) socket.lose();
    this.#time.after(ms, () => void (this.isUp = true));
  }

  #afterHalf(callback: () => void): void {
    this.#time.after(this.#options.roundTripMs / 2, callback);
  }

  #receive(socket: SimulatedSocket, text: string): void {
    socket.frames.push(text);
    if (socket.frames.length === 1) this.#handleNext(socket);
  }

  #handleNext(socket: SimulatedSocket): void {
    if (!this.#sockets.has(socket) || socket.frames.length === 0) return;
    const [joinRef, ref, topic, event] = JSON.parse(socket.frames[0]!);
    const send = (event: string, ref: string | null, payload: unknown) => {
      if (!this.#sockets.has(socket)) return;
      this.#afterHalf(() => socket.deliver(JSON.stringify([joinRef, ref, topic, event, payload])));
    };
    const isRefused = event === "phx_join" && !this.#admit();
    this.#time.after(isRefused ? REFUSED_JOIN_MS : event === "phx_join" ? JOIN_MS : 0, () => {
      const response = isRefused ? { reason: TOO_MANY } : {};
      send("phx_reply", ref, { status: isRefused ? "error" : "ok", response });
      if (event === "phx_join") send("system", null, { status: "ok", extension: "system" });
      if (isRefused && this.#sockets.delete(socket)) this.#afterHalf(() => socket.lose());
      socket.frames.shift();
      this.#handleNext(socket);
    });
  }

  #admit(): boolean {
    this.joins++;
    const isAdmitted = this.#options.admits();
    if (!isAdmitted) this.refusals++;
    return isAdmitted;
  }
}

/** The client's end of a connection. */
class SimulatedSocket {
  readonly OPEN = 1;
  readyState = 0;
  /** What the server has not handled yet. */
  readonly frames: string[] = [];
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: string }) => void) | null = null;
  onerror: (() => void) | null = null;
  onclose: (() => void) | null = null;
  onGone = () => {};

  constructor(readonly send: (text: string) => void) {}

  open(): void {
    if (this.readyState !== 0) return;
    this.readyState = 1;
    this.onopen?.();
  }

  deliver(data: string): void {
    if (this.readyState === 1) this.onmessage?.({ data });
  }

  lose(): void {
    this.close();
    this.onclose?.();
  }

  close(): void {
    this.readyState = 3;
    this.onGone();
  }
}
