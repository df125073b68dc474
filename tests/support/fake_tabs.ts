import type { Channel } from "../../client/environment.ts";

/** What is used of a browser's type of this name, which Deno's types lack. */
interface LockInfo {
  readonly name: string;
  readonly mode: "exclusive";
  /** Whose lock it is: that of a {@linkcode FakeTab}. */
  readonly clientId: string;
}

interface LockOptions {
  readonly ifAvailable?: boolean;
  readonly steal?: boolean;
  readonly signal?: AbortSignal;
}

/** What is used of a browser's `LockManager`, which Deno's types lack. */
interface Locks {
  request<Result>(
    name: string,
    options: LockOptions,
    callback: (lock: Omit<LockInfo, "clientId"> | null) => Result,
  ): Promise<Awaited<Result>>;
  query(): Promise<{ held: LockInfo[]; pending: LockInfo[] }>;
}

/** What one tab has of a browser, as the client's environment wants it. */
export interface FakeTab {
  readonly clientId: string;
  readonly locks: Locks;
  readonly openChannel: (name: string) => Channel;
  /** Nothing more is delivered, neither messages nor what came of requests for locks. Locks are kept. */
  freeze(): void;
  /** Delivers in order what has come meanwhile. */
  thaw(): void;
  /** Locks go to whoever waits for them, and nothing more is delivered. */
  crash(): void;
}

interface LockRequest {
  readonly info: LockInfo;
  grant(): void;
  /** Another tab has taken the lock. */
  lose(): void;
}

/** Longer than any chain of promises that a message sets going. */
const MICROTASKS = 20;

/**
 * The locks and channels of one browser, for tests on a {@linkcode FakeClock}. All is delivered in
 * microtasks, in the order in which it was sent. A test that freezes a tab must keep its timers and
 * its network still, too.
 */
export class FakeTabs {
  #held: LockRequest[] = [];
  #pending: LockRequest[] = [];
  readonly #channels = new Set<FakeChannel>();
  #opened = 0;

  open(): FakeTab {
    const clientId = `tab-${++this.#opened}`;
    const inbox: (() => void)[] = [];
    let state: "running" | "frozen" | "thawing" | "crashed" = "running";
    const deliver = (run: () => void) => {
      queueMicrotask(() => {
        if (state === "running") run();
        else if (state !== "crashed") inbox.push(run);
      });
    };
    const channels = new Set<FakeChannel>();
    return {
      clientId,
      locks: {
        request: (name, options, callback) => {
          const info: LockInfo = { name, mode: "exclusive", clientId };
          if (state === "crashed") return new Promise<never>(() => {});
          return this.#request(info, options, callback, deliver);
        },
        query: () => {
          const answer = {
            held: this.#held.map(({ info }) => info),
            pending: this.#pending.map(({ info }) => info),
          };
          return new Promise((resolve) => deliver(() => resolve(answer)));
        },
      },
      openChannel: (name) => {
        const channel = new FakeChannel(name, this.#channels, deliver);
        channels.add(channel);
        if (state === "crashed") channel.close();
        return channel;
      },
      freeze: () => void (state = "frozen"),
      async thaw() {
        state = "thawing";
        while (state === "thawing" && inbox.length > 0) {
          inbox.shift()!();
          // Each is a task of its own, which ends before the next begins.
          for (let turn = 0; turn < MICROTASKS; turn++) await undefined;
        }
        if (state === "thawing") state = "running";
      },
      crash: () => {
        state = "crashed";
        for (const channel of channels) channel.close();
        const isLeft = ({ info }: LockRequest) => info.clientId !== clientId;
        this.#pending = this.#pending.filter(isLeft);
        this.#held = this.#held.filter(isLeft);
        this.#grantNext();
      },
    };
  }

  #request<Result>(
    info: LockInfo,
    { ifAvailable, steal, signal }: LockOptions,
    callback: (lock: LockInfo | null) => Result,
    deliver: (run: () => void) => void,
  ): Promise<Awaited<Result>> {
    const { promise, resolve, reject } = Promise.withResolvers<Awaited<Result>>();
    const call = (lock: LockInfo | null) => {
      void Promise.try(callback, lock).finally(() => this.#remove(request)).then(resolve, reject);
    };
    const abort = () => {
      this.#remove(request);
      deliver(() => reject(signal?.reason));
    };
    const request: LockRequest = {
      info,
      grant: () =>
        deliver(() => {
          signal?.removeEventListener("abort", abort);
          if (!signal?.aborted) call(info);
        }),
      lose: () =>
        deliver(() => reject(new DOMException("Another request stole the lock", "AbortError"))),
    };

    if (signal?.aborted) return Promise.reject(signal.reason);
    const sameName = (other: LockRequest) => other.info.name === info.name;
    if (ifAvailable && [...this.#held, ...this.#pending].some(sameName)) {
      deliver(() => call(null));
      return promise;
    }
    if (steal) {
      const lost = this.#held.filter(sameName);
      this.#held = this.#held.filter((other) => !lost.includes(other));
      for (const other of lost) other.lose();
      this.#pending.unshift(request);
    } else {
      this.#pending.push(request);
    }
    signal?.addEventListener("abort", abort);
    this.#grantNext();
    return promise;
  }

  #remove(request: LockRequest): void {
    this.#held = this.#held.filter((other) => other !== request);
    this.#pending = this.#pending.filter((other) => other !== request);
    this.#grantNext();
  }

  /** Grants each lock that nobody holds to the first that waits for it. */
  #grantNext(): void {
    const names = new Set(this.#held.map(({ info }) => info.name));
    for (const request of [...this.#pending]) {
      if (names.has(request.info.name)) continue;
      names.add(request.info.name);
      this.#pending = this.#pending.filter((other) => other !== request);
      this.#held.push(request);
      request.grant();
    }
  }
}

/** What is used of a `BroadcastChannel`. */
class FakeChannel implements Channel {
  onmessage: Channel["onmessage"] = null;
  readonly name: string;
  readonly #all: Set<FakeChannel>;
  readonly #deliver: (run: () => void) => void;

  constructor(name: string, all: Set<FakeChannel>, deliver: (run: () => void) => void) {
    this.name = name;
    this.#all = all;
    this.#deliver = deliver;
    all.add(this);
  }

  postMessage(message: unknown): void {
    if (!this.#all.has(this)) throw new DOMException("The channel is closed", "InvalidStateError");
    for (const other of this.#all) {
      if (other === this || other.name !== this.name) continue;
      const event = { data: structuredClone(message) };
      other.#deliver(() => {
        if (other.#all.has(other)) other.onmessage?.(event);
      });
    }
  }

  close(): void {
    this.#all.delete(this);
  }
}
