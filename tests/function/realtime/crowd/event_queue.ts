import type { Clock } from "../../../../supabase/functions/file-events/clock.ts";

interface Event {
  readonly at: number;
  /** Decides among events of one instant. */
  readonly order: number;
  readonly callback: () => void;
}

/** Time that jumps from event to event, for simulations with many thousands of them. */
export class EventQueue implements Clock {
  #now = 0;
  #events = 0;
  /** A heap: no event is earlier than the one at half its index. Index 0 is not used. */
  readonly #heap: Event[] = [{ at: -Infinity, order: 0, callback() {} }];
  readonly #cancelled = new Set<Event>();

  now(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): () => void {
    const event = { at: this.#now + Math.max(0, ms), order: ++this.#events, callback };
    this.#push(event);
    return () => void this.#cancelled.add(event);
  }

  /** Lets everything happen until `condition` holds, for at most `ms`. Returns whether it holds. */
  runUntil(condition: () => boolean, ms: number): boolean {
    const end = this.#now + ms;
    while (!condition()) {
      const event = this.#heap[1];
      if (!event || event.at > end) {
        this.#now = end;
        return false;
      }
      this.#pop();
      if (this.#cancelled.delete(event)) continue;
      this.#now = event.at;
      event.callback();
    }
    return true;
  }

  #push(event: Event): void {
    const heap = this.#heap;
    let index = heap.push(event) - 1;
    for (let parent = index >> 1; isEarlier(event, heap[parent]!); parent = index >> 1) {
      heap[index] = heap[parent]!;
      heap[index = parent] = event;
    }
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop()!;
    if (heap.length === 1) return;
    let index = 1;
    for (;;) {
      let child = index * 2;
      if (child + 1 < heap.length && isEarlier(heap[child + 1]!, heap[child]!)) child++;
      if (child >= heap.length || isEarlier(last, heap[child]!)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = last;
  }
}

function isEarlier(one: Event, other: Event): boolean {
  return one.at < other.at || (one.at === other.at && one.order < other.order);
}
