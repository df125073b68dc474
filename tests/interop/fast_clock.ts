import type { Clock } from "../../client/environment.ts";

/** A clock that runs faster than time, so that a test need not wait for a client's timeouts. */
export class FastClock implements Clock {
  #speed: number;
  #now = Date.now();
  #readAt = performance.now();

  constructor(speed: number) {
    this.#speed = speed;
  }

  set speed(speed: number) {
    this.#now = this.now();
    this.#readAt = performance.now();
    this.#speed = speed;
  }

  now(): number {
    return this.#now + (performance.now() - this.#readAt) * this.#speed;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = setTimeout(callback, ms / this.#speed);
    return () => clearTimeout(timer);
  }
}
