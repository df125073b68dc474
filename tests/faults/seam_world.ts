import type {
  ChangesPage,
  ChangesSince,
} from "../../supabase/functions/file-events/stream/changes_since.ts";
import { ServerSentEventStream } from "../../supabase/functions/file-events/http/server_sent_event_stream.ts";
import { createOpenFileStream } from "../../supabase/functions/file-events/stream/file_stream.ts";
import { FakeClock, settle } from "../support/fake_clock.ts";
import { FaultyFeed } from "./faulty_feed.ts";
import type { FileState } from "../../supabase/functions/file-events/stream/file_change.ts";
import type { FileDatabase, OnCommit, Rights } from "./file_database.ts";
import { ProtocolClient } from "../support/protocol_client.ts";
import { OWNER, type QueryFate, type Step } from "./step.ts";
import { seededRandom } from "../support/seeded_random.ts";

const QUERY_TIMEOUT_MS = 10_000;
const SLOW_MS = 2_000;
const DAY_MS = 86_400_000;

export interface SeamWorldOptions<W> {
  readonly database: (onCommit: OnCommit) => FileDatabase<W>;
  readonly fileIds: readonly string[] | null;
  readonly maxFiles?: number;
  /** Stands between the streams and the database. */
  readonly wrap?: (changesSince: ChangesSince) => ChangesSince;
}

/**
 * The real stream between a database and a feed full of faults, on a clock that moves by hand, with
 * one client.
 */
export class SeamWorld<W> {
  readonly clock = new FakeClock(undefined, () => this.#settle());
  readonly feed = new FaultyFeed(this.clock);
  readonly database: FileDatabase<W>;
  readonly client = new ProtocolClient();
  #fileIds: readonly string[] | null;
  #rights: Rights = "aal1";
  /** Changes that queries have returned. */
  #returned = 0;
  readonly #changesSince: ChangesSince;
  readonly #open;
  #shutdown = new AbortController();
  #queryFates: QueryFate[] = [];
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  #isOnline = true;
  /** Messages that the client may still read; it stalls at none. */
  #appetite = Infinity;
  #bytesLeft = Infinity;

  constructor({ database, fileIds, maxFiles = 1000, wrap = (it) => it }: SeamWorldOptions<W>) {
    this.#fileIds = fileIds;
    this.database = database((changes) => {
      for (const { change } of changes) if (change.deleted) this.#goneSince.add(change.id);
      this.feed.publish(changes);
    });
    this.#changesSince = wrap(async ({ userId, rights }, query, { onBegin }) => {
      const page = await this.#query(() => {
        onBegin();
        return this.database.changesSince(userId, rights as Rights, query);
      });
      this.#returned += page.changes.length;
      if (this.database.peek) await this.#noteRunning();
      return page;
    });
    const random = seededRandom(1);
    this.#open = () =>
      createOpenFileStream({
        feed: this.feed.subscribe,
        changesSince: this.#changesSince,
        isolate: {
          startedAt: this.clock.now(),
          limitMs: Infinity,
          shutdown: this.#shutdown.signal,
        },
        createId: () => "a stream",
        heartbeatMs: 30_000,
        catchUpMs: 60_000,
        maxFiles,
        clock: this.clock,
        random,
        log: () => {},
      });
    this.#connect();
  }

  async run(steps: readonly Step<W>[]): Promise<void> {
    await this.#settle();
    for (const step of steps) {
      await (this.#handlers[step.do] as (step: Step<W>) => unknown)(step);
      await this.#settle();
      this.#reconnect();
      await this.#settle();
    }
  }

  /**
   * Heals everything, waits for what the design promises, and compares: first while transactions
   * are open, then when all are committed.
   */
  async agree(): Promise<void> {
    this.#queryFates = [];
    this.feed.heal();
    this.#isOnline = true;
    this.#appetite = this.#bytesLeft = Infinity;
    this.#read();
    if (await this.database.countRunning() <= this.database.maxRunning) {
      await this.#compare();
      await this.#expectQuiet();
    }
    await this.database.commitAll();
    await this.#compare();
  }

  /** What is committed is not read again, though older transactions are open. */
  async #expectQuiet(): Promise<void> {
    const before = this.#returned;
    await this.clock.advance(180_000);
    const returned = this.#returned - before;
    if (returned > 0) throw new Error(`Though nothing changed, ${returned} changes were read`);
  }

  async #compare(): Promise<void> {
    for (let waited = 0; waited < 180_000; waited += 10_000) {
      this.#reconnect();
      await this.clock.advance(10_000);
    }
    const { files, violations } = this.client;
    if (violations.length > 0) throw new Error(`The stream broke its protocol: ${violations}`);
    const expected = [...await this.database.select(OWNER, this.#rights)]
      .filter(([id]) => this.#fileIds === null || this.#fileIds.includes(id));
    const text = (entries: Iterable<[string, unknown]>) =>
      JSON.stringify([...entries].sort(([a], [b]) => a < b ? -1 : 1), null, 1);
    if (text(files) !== text(expected)) {
      throw new Error(`The client has ${text(files)}\nthe database ${text(expected)}`);
    }
  }

  async close(): Promise<void> {
    this.#isOnline = false;
    this.#disconnect();
    await this.#settle();
    if (this.feed.size > 0) throw new Error(`${this.feed.size} subscriptions are left over`);
  }

  /** Nothing moves any more but by the clock or the next step. */
  async #settle(): Promise<void> {
    do await settle(); while (await this.database.goOn());
  }

  /** By what a step does: how. */
  readonly #handlers: { [Do in Step<W>["do"]]: (step: Step<W> & { do: Do }) => unknown } = {
    "write": ({ writes }) => this.database.writeAtOnce(OWNER, writes),
    "write in": ({ writes, transaction }) => this.database.write(OWNER, writes, transaction),
    "commit": ({ transaction }) => this.database.commit(transaction),
    "roll back": ({ transaction }) => this.database.rollback(transaction),
    "prune": () => this.database.prune(),
    "pass a day": () => this.database.passDay(),
    "decide": ({ fates }) => this.feed.decide(fates),
    "flush": () => this.feed.flush(),
    "drop sockets": () => this.feed.dropSockets(),
    "deafen": () => this.feed.deafen(),
    "start cold": () => this.feed.startCold(),
    "exceed the limit": () => this.feed.fallSilent("exceed the limit"),
    "lose the walsender": () => this.feed.fallSilent("lose the walsender"),
    "realtime down": () => this.feed.goDown(),
    "realtime up": () => this.feed.goUp(),
    "join": ({ how }) => void (this.feed.joinFate = how),
    "queries": ({ next }) => this.#queryFates.push(...next),
    "rotate": () => {
      this.#shutdown.abort();
      this.#shutdown = new AbortController();
    },
    "break": () => this.#disconnect(),
    "break after": ({ bytes }) => this.#bytesLeft = bytes,
    "go offline": () => {
      this.#isOnline = false;
      this.#disconnect();
    },
    "go online": () => this.#isOnline = true,
    "filter": ({ fileIds }) => {
      this.#fileIds = fileIds;
      this.#disconnect();
    },
    "sign in": ({ rights }) => {
      this.#rights = rights;
      this.#disconnect();
    },
    "stall": () => this.#appetite = 0,
    "read": ({ messages }) => {
      this.#appetite = Number.isFinite(this.#appetite) ? messages : Infinity;
      this.#read();
    },
    "wait": ({ ms }) => this.clock.advance(ms),
    "settle": () => this.agree(),
  };

  async #query(ask: () => ChangesPage | Promise<ChangesPage>): Promise<ChangesPage> {
    const fate = this.#queryFates.shift() ?? "answer";
    if (fate === "fail") throw new Error("the query failed");
    if (fate === "queued") await this.#pass(SLOW_MS);
    let cancel = () => {};
    const timeout = new Promise<never>((_, reject) => {
      cancel = this.clock.after(QUERY_TIMEOUT_MS, () => reject(new Error("the query timed out")));
    });
    try {
      const page = await Promise.race(fate === "hang" ? [timeout] : [ask(), timeout]);
      if (fate === "slow") await this.#pass(SLOW_MS);
      return page;
    } finally {
      cancel();
    }
  }

  #pass(ms: number): Promise<void> {
    return new Promise((resolve) => void this.clock.after(ms, resolve));
  }

  /** What an EventSource does when it has lost its connection; the wait is left out. */
  #reconnect(): void {
    if (this.#isOnline && !this.#reader) this.#connect();
  }

  #connect(): void {
    this.client.connect();
    const requested = this.#peek();
    this.#goneSince.clear();
    this.client.onReady = () => this.#checkReady(requested);
    const caller = {
      userId: OWNER,
      token: "",
      rights: this.#rights,
      expiresAt: this.clock.now() + DAY_MS,
    };
    const parameters = {
      lastEventId: this.client.lastEventId || null,
      fileIds: this.#fileIds,
      snapshot: true,
    };
    const { readable, writable } = new ServerSentEventStream();
    this.#reader = readable.getReader();
    this.#open()(caller, parameters, writable.getWriter());
    this.#read();
  }

  /** Files that were deleted or given away since the connection began; they may be back. */
  readonly #goneSince = new Set<string>();
  /** Since the last `ready`, more transactions ran than a cursor can name. */
  #tooManyRan = false;

  /** What the client should have, if that can be told at once. */
  #peek(): FileState[] {
    return [...this.database.peek?.(OWNER, this.#rights).values() ?? []]
      .filter(({ id }) => this.#fileIds === null || this.#fileIds.includes(id));
  }

  async #noteRunning(): Promise<void> {
    this.#tooManyRan ||= await this.database.countRunning() > this.database.maxRunning;
  }

  /** `ready` says that the client has all that was committed before its request. */
  #checkReady(requested: readonly FileState[]): void {
    const tooManyRan = this.#tooManyRan;
    this.#tooManyRan = false;
    if (tooManyRan) return;
    const { files, violations } = this.client;
    for (const { id, revision } of requested) {
      const isOlder = (files.get(id)?.revision ?? -1) < revision;
      if (isOlder && !this.#goneSince.has(id)) violations.push("ready came too early");
    }
  }

  #disconnect(): void {
    const reader = this.#reader;
    this.#reader = undefined;
    this.#bytesLeft = Infinity;
    void reader?.cancel();
  }

  /** Reads as long as there is appetite. Only one loop reads a connection at a time. */
  #read(): void {
    const reader = this.#reader;
    if (!reader || this.#reading === reader || this.#appetite <= 0) return;
    this.#reading = reader;
    void (async () => {
      while (this.#reader === reader && this.#appetite > 0) {
        this.#appetite--;
        const { done, value } = await reader.read();
        if (this.#reader !== reader) break;
        if (done) {
          this.#reader = undefined;
          break;
        }
        this.client.receive(value.slice(0, this.#bytesLeft));
        this.#bytesLeft -= value.length;
        if (this.#bytesLeft <= 0) this.#disconnect();
      }
      if (this.#reading === reader) this.#reading = undefined;
    })();
  }
  #reading: ReadableStreamDefaultReader<Uint8Array> | undefined;
}
