import type { Caller } from "../../../supabase/functions/file-events/stream/caller.ts";
import type {
  ChangesPage,
  ChangesQuery,
  ChangesSince,
} from "../../../supabase/functions/file-events/stream/changes_since.ts";
import type {
  FeedMessage,
  FileFeed,
} from "../../../supabase/functions/file-events/stream/file_feed.ts";
import {
  createOpenFileStream,
  type FileStreamOptions,
} from "../../../supabase/functions/file-events/stream/file_stream.ts";
import type { StreamMessage } from "../../../supabase/functions/file-events/stream/stream_message.ts";
import type { StreamParameters } from "../../../supabase/functions/file-events/stream/stream_parameters.ts";
import { USER_ID } from "../../support/access_tokens.ts";
import { upTo } from "../../support/example_change.ts";
import { examplePage } from "../../support/example_page.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";

/** A feed that says what the test says. */
export class ScriptedFeed {
  rejoins = 0;
  /** Whether the feed says that it will be live in a moment. */
  isJoining = false;
  caller: Caller | undefined;
  signal: AbortSignal | undefined;
  #onMessage: (message: FeedMessage) => void = () => {};

  readonly subscribe: FileFeed = (caller, onMessage, { signal }) => {
    this.caller = caller;
    this.signal = signal;
    this.#onMessage = onMessage;
    return {
      isJoining: this.isJoining,
      rejoin: () => {
        this.rejoins++;
        onMessage({ kind: "down" });
      },
    };
  };

  /** Says this and lets everybody act on it. */
  async emit(...messages: FeedMessage[]): Promise<void> {
    for (const message of messages) this.#onMessage(message);
    await settle();
  }
}

interface Asked {
  readonly onBegin: () => void;
  readonly query: ChangesQuery;
  readonly resolve: (page: ChangesPage) => void;
  readonly reject: (error: Error) => void;
}

/** A database that answers when the test says so. */
export class ScriptedDatabase {
  /** All queries so far. */
  readonly queries: ChangesQuery[] = [];
  /** The token of each query. */
  readonly tokens: string[] = [];
  /** The signal of the last query. */
  signal: AbortSignal | undefined;
  /** Whether a query begins as soon as it is asked. Otherwise the test calls {@linkcode begin}. */
  beginsAtOnce = true;
  readonly #open: Asked[] = [];

  readonly changesSince: ChangesSince = ({ token }, query, { onBegin, signal }) =>
    new Promise((resolve, reject) => {
      this.queries.push(query);
      this.tokens.push(token);
      this.signal = signal;
      this.#open.push({ query, resolve, reject, onBegin });
      if (this.beginsAtOnce) onBegin();
    });

  /** The oldest open query begins. */
  begin(): void {
    this.#open[0]?.onBegin();
  }

  /** Queries that have no answer yet. */
  get waiting(): number {
    return this.#open.length;
  }

  /** Answers the oldest open query, by default with a page of nothing new. */
  async answer(page: Partial<ChangesPage> = {}): Promise<void> {
    const { query, resolve } = this.#next();
    resolve(examplePage({ cursor: query.since ?? "start", ...page }));
    await settle();
  }

  async fail(error: string | Error = "database down"): Promise<void> {
    this.#next().reject(typeof error === "string" ? new Error(error) : error);
    await settle();
  }

  #next(): Asked {
    const next = this.#open.shift();
    if (!next) throw new Error("nothing has been asked");
    return next;
  }
}

/** A client that reads when the test says so. */
export class TestClient {
  readonly #reader: ReadableStreamDefaultReader<StreamMessage>;
  #pending: Promise<ReadableStreamReadResult<StreamMessage>> | undefined;

  constructor(stream: ReadableStream<StreamMessage>) {
    this.#reader = stream.getReader();
  }

  /** Reads all that can be read now. `end` is the end of the stream. */
  async readAll(): Promise<string[]> {
    const messages: string[] = [];
    while (true) {
      this.#pending ??= this.#reader.read();
      const settled = settle();
      const result = await Promise.race([this.#pending, settled]);
      await settled;
      if (!result) return messages;
      if (result.done) return [...messages, "end"];
      this.#pending = undefined;
      messages.push(describe(result.value));
    }
  }

  /** Reads that many messages and is ready for none more. */
  async read(count: number): Promise<string[]> {
    const messages: string[] = [];
    while (messages.length < count) {
      const { value } = await this.#reader.read();
      messages.push(value ? describe(value) : "end");
    }
    return messages;
  }

  async leave(): Promise<void> {
    await this.#reader.cancel();
    await settle();
  }
}

/**
 * `1:5` for file 1 at revision 5; `-1` for its deletion; `closing: shutdown, retry 2000`; otherwise
 * the event's type; each followed by `@id`.
 */
function describe({ retry, id, data }: StreamMessage): string {
  const { eventType, file, reason } = JSON.parse(data);
  const number = Number(file?.id.slice(-12));
  const text = {
    "file-update": `${number}:${file?.revision}`,
    "file-deleted": `-${number}`,
    "closing": `closing: ${reason}, retry ${retry}`,
  }[eventType as string] ?? eventType;
  return id === undefined ? text : `${text}@${id}`;
}

const ALL: StreamParameters = {
  lastEventId: null,
  fileIds: null,
  snapshot: true,
  isPoll: false,
};

export interface TestStreamOptions extends Partial<FileStreamOptions> {
  clock?: FakeClock;
  parameters?: Partial<StreamParameters>;
  /** Milliseconds that the token has left. */
  expiresIn?: number;
  /** Whether the feed says that it will be live in a moment. */
  isJoining?: boolean;
  /** Whether a query begins as soon as it is asked. */
  beginsAtOnce?: boolean;
}

/** What opens streams between a scripted feed and a scripted database. */
export function createStreamStage(
  {
    expiresIn = 3_600_000,
    isJoining = false,
    beginsAtOnce = true,
    clock = new FakeClock(),
    ...options
  }: Omit<TestStreamOptions, "parameters"> = {},
) {
  const feed = new ScriptedFeed();
  feed.isJoining = isJoining;
  const database = new ScriptedDatabase();
  database.beginsAtOnce = beginsAtOnce;
  const shutdown = new AbortController();
  const logged: { event: string; fields: Record<string, unknown> | undefined }[] = [];
  const openFileStream = createOpenFileStream({
    feed: feed.subscribe,
    changesSince: database.changesSince,
    isolate: { startedAt: clock.now(), limitMs: Infinity, shutdown: shutdown.signal },
    createId: () => "a stream",
    heartbeatMs: 30_000,
    catchUpMs: 60_000,
    clock,
    random: () => 0.5,
    log: (_level, event, fields) => void logged.push({ event, fields }),
    ...options,
  });
  const caller = {
    userId: USER_ID,
    token: "the.callers.token",
    expiresAt: clock.now() + expiresIn,
    rights: "aal1",
  };
  return { clock, feed, database, shutdown, logged, openFileStream, caller };
}

/** Opens a stream between a scripted feed, a scripted database and a client. */
export async function openStream({ parameters, ...options }: TestStreamOptions = {}) {
  const { openFileStream, caller, ...stage } = createStreamStage(options);
  /** Opens another stream of the isolate. */
  async function openAnother(): Promise<TestClient> {
    const { readable, writable } = new TransformStream<StreamMessage, StreamMessage>();
    openFileStream(caller, { ...ALL, ...parameters }, writable.getWriter());
    await settle();
    return new TestClient(readable);
  }
  const client = await openAnother();
  return { ...stage, client, open: openAnother };
}

/** How long after a catch-up the next one runs that something asks for. */
export const CATCH_UP_DISTANCE_MS = 250;
/** The time that {@linkcode openReadyStream} takes. */
export const READY_AFTER_MS = 2 * CATCH_UP_DISTANCE_MS;

/**
 * Opens a stream and lets it become ready, with a live feed; what was sent so far has been read, and
 * a catch-up that is asked for runs at once.
 */
export async function openReadyStream(options: TestStreamOptions = {}) {
  const stream = await openStream(options);
  const { clock, feed, database, client } = stream;
  await database.answer({ cursor: "c1", coverage: upTo(10n), reset: true });
  await feed.emit({ kind: "live" });
  await clock.advance(CATCH_UP_DISTANCE_MS);
  await database.answer();
  await client.read(["reset", "ready"].length);
  await clock.advance(CATCH_UP_DISTANCE_MS);
  return stream;
}
