import type {
  FeedMessage,
  FileFeed,
} from "../../supabase/functions/file-events/stream/file_feed.ts";
import type { Clock } from "../../supabase/functions/file-events/clock.ts";
import type { JoinFate, LiveMode } from "./step.ts";
import { type CommittedChange, mayRead, type Rights } from "./file_database.ts";

/** What becomes of a message on its way. */
export type Fate = "deliver" | "drop" | "double" | "delay" | "hint";

interface Subscriber {
  readonly userId: string;
  readonly rights: Rights;
  readonly onMessage: (message: FeedMessage) => void;
  readonly signal: AbortSignal;
  live: boolean;
  /** Claims to be live and brings nothing, until it rejoins. */
  deaf: boolean;
  /** Messages before this time are lost, for the server was cold when it joined. */
  hearsFrom: number;
}

/** A transaction that changes more files of a user is announced by a ping in either mode. */
const MAX_ROWS = 4;
interface Message {
  readonly userId: string;
  readonly message: FeedMessage;
}

const JOIN_MS: Record<JoinFate, number> = { quick: 10, late: 200, unannounced: 10 };
const RECONNECT_MS = 1_000;
/** How long a cold server loses messages after it has said that it is live. */
const COLD_MS = 3_000;
/** How long nothing arrives, and then all is well again without a word. */
const SILENCE_MS = { "exceed the limit": 24_000, "lose the walsender": 9_000 };

/** A feed that does what Realtime does on bad days. */
export class FaultyFeed {
  readonly #clock: Clock;
  readonly #live: LiveMode;
  readonly #subscribers = new Set<Subscriber>();
  #delayed: Message[] = [];
  #fates: Fate[] = [];
  #isUp = true;
  #silentUntil = -Infinity;
  joinFate: JoinFate = "quick";
  /** The faults that took effect, by name. */
  readonly counts: Record<string, number> = {};

  constructor(clock: Clock, live: LiveMode) {
    this.#clock = clock;
    this.#live = live;
  }

  readonly subscribe: FileFeed = ({ userId, rights }, onMessage, { signal }) => {
    const subscriber: Subscriber = {
      userId,
      rights: rights as Rights,
      onMessage,
      signal,
      live: false,
      deaf: false,
      hearsFrom: -Infinity,
    };
    this.#subscribers.add(subscriber);
    signal.addEventListener("abort", () => this.#subscribers.delete(subscriber), { once: true });
    this.#join(subscriber, JOIN_MS[this.joinFate]);
    return {
      isJoining: this.#isUp && this.joinFate !== "unannounced",
      rejoin: () => {
        this.#count("rejoin");
        this.#lose(subscriber);
        this.#join(subscriber, JOIN_MS[this.joinFate]);
      },
    };
  };

  /** Subscriptions that have not been given back. */
  get size(): number {
    return this.#subscribers.size;
  }

  publish(changes: readonly CommittedChange[]): void {
    const transactions = Map.groupBy(
      changes,
      ({ userId, change }) => `${userId} ${change.changedIn}`,
    );
    for (const rows of transactions.values()) {
      for (const { userId, message } of this.#messages(rows)) {
        for (const subscriber of this.#subscribers) {
          if (isFor(subscriber, userId, message)) this.#send(subscriber, message);
        }
      }
    }
  }

  /** What is sent of the changes that a transaction has made to files of one user. */
  #messages(changes: readonly CommittedChange[]): Message[] {
    if (this.#live === "rows" && changes.length <= MAX_ROWS) {
      return changes.map(({ userId, change }) => ({ userId, message: { kind: "change", change } }));
    }
    const { userId, change: { changedIn } } = changes[0]!;
    const concernsMany = changes.length > MAX_ROWS;
    return [{ userId, message: { kind: "ping", changedIn, concernsMany } }];
  }

  /** The fates of the next messages; after them all is delivered. */
  decide(fates: readonly Fate[]): void {
    this.#fates.push(...fates);
  }

  /** What was delayed arrives, the last first. */
  flush(): void {
    const delayed = this.#delayed.reverse();
    this.#delayed = [];
    // To whoever listens by now: the server does not know what a subscriber has been sent before.
    for (const { userId, message } of delayed) {
      for (const subscriber of this.#subscribers) {
        if (isFor(subscriber, userId, message) && subscriber.live && !this.#isSilent(subscriber)) {
          subscriber.onMessage(message);
        }
      }
    }
  }

  dropSockets(): void {
    this.#count("drop");
    for (const subscriber of this.#subscribers) {
      this.#lose(subscriber);
      this.#join(subscriber, RECONNECT_MS);
    }
  }

  startCold(): void {
    this.#count("cold start");
    const hearsFrom = this.#clock.now() + RECONNECT_MS + COLD_MS;
    for (const subscriber of this.#subscribers) {
      subscriber.hearsFrom = hearsFrom;
      this.#lose(subscriber);
      this.#join(subscriber, RECONNECT_MS);
    }
  }

  fallSilent(reason: keyof typeof SILENCE_MS): void {
    this.#count(reason);
    this.#silentUntil = Math.max(this.#silentUntil, this.#clock.now() + SILENCE_MS[reason]);
  }

  deafen(): void {
    this.#count("deaf");
    for (const subscriber of this.#subscribers) subscriber.deaf = subscriber.live;
  }

  goDown(): void {
    this.#count("down");
    this.#isUp = false;
    for (const subscriber of this.#subscribers) this.#lose(subscriber);
  }

  goUp(): void {
    if (this.#isUp) return;
    this.#isUp = true;
    for (const subscriber of this.#subscribers) this.#join(subscriber, RECONNECT_MS);
  }

  heal(): void {
    this.#fates = [];
    this.#silentUntil = -Infinity;
    for (const subscriber of this.#subscribers) subscriber.hearsFrom = -Infinity;
    this.flush();
    this.goUp();
  }

  #send(subscriber: Subscriber, message: FeedMessage): void {
    if (!subscriber.live) return this.#count("missed while down");
    if (subscriber.deaf) return this.#count("missed while deaf");
    if (this.#isSilent(subscriber)) return this.#count("missed in silence");
    if (message.kind === "ping") this.#count("ping");
    const { userId, onMessage } = subscriber;
    const fate = this.#fates.shift() ?? "deliver";
    if (fate !== "deliver") this.#count(fate);
    switch (fate) {
      case "deliver":
        return onMessage(message);
      case "double":
        onMessage(message);
        return onMessage(message);
      case "delay":
        this.#delayed.push({ userId, message });
        return;
      case "hint":
        return onMessage({ kind: "hint" });
    }
  }

  #isSilent({ hearsFrom }: Subscriber): boolean {
    return this.#clock.now() < Math.max(hearsFrom, this.#silentUntil);
  }

  #lose(subscriber: Subscriber): void {
    if (subscriber.live) subscriber.onMessage({ kind: "down" });
    subscriber.live = subscriber.deaf = false;
  }

  #join(subscriber: Subscriber, ms: number): void {
    this.#clock.after(ms, () => {
      if (!this.#isUp || subscriber.live || subscriber.signal.aborted) return;
      subscriber.live = true;
      subscriber.onMessage({ kind: "live" });
    });
  }

  #count(name: string): void {
    this.counts[name] = (this.counts[name] ?? 0) + 1;
  }
}

/** Whether a subscriber hears of this. A ping says nothing that a policy could hide. */
function isFor(subscriber: Subscriber, userId: string, message: FeedMessage): boolean {
  if (subscriber.userId !== userId) return false;
  return message.kind !== "change" || mayRead(subscriber.rights, message.change.id);
}
