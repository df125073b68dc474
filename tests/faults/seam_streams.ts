import { shareFeed } from "../../supabase/functions/file-events/realtime/share_feed.ts";
import { answerPings } from "../../supabase/functions/file-events/stream/answer_pings.ts";
import type { ChangesSince } from "../../supabase/functions/file-events/stream/changes_since.ts";
import type { FileState } from "../../supabase/functions/file-events/stream/file_change.ts";
import {
  createOpenFileStream,
  type OpenFileStream,
} from "../../supabase/functions/file-events/stream/file_stream.ts";
import { FakeClock, settle } from "../support/fake_clock.ts";
import { seededRandom } from "../support/seeded_random.ts";
import { FaultyFeed } from "./faulty_feed.ts";
import { FaultyQueries } from "./faulty_queries.ts";
import type { CommittedChange, FileDatabase, OnCommit, Rights } from "./file_database.ts";
import type { LiveMode, WorldStep } from "./step.ts";

export interface SeamStreamsOptions<W> {
  readonly database: (onCommit: OnCommit) => FileDatabase<W>;
  readonly maxFiles?: number | undefined;
  /** What the feed brings of a change; rows by default. */
  readonly live?: LiveMode | undefined;
  /** Stands between the streams and the database. */
  readonly wrap?: ((changesSince: ChangesSince) => ChangesSince) | undefined;
  /** Stands in for {@linkcode answerPings}. */
  readonly answer?: typeof answerPings | undefined;
  /** Called before the feed publishes changes. */
  readonly onCommit?: OnCommit;
  /** Called when a query has been answered. */
  readonly onPage?: () => Promise<void>;
}

/** A step of {@linkcode SeamStreams}. */
type StreamsStep<W> = Exclude<WorldStep<W>, { do: "settle" }>;

/** By what a step does: how. */
type StreamsHandlers<W> = {
  [Do in StreamsStep<W>["do"]]: (step: StreamsStep<W> & { do: Do }, owner: string) => unknown;
};

/** The real streams between a database and a feed full of faults, on a clock that moves by hand. */
export class SeamStreams<W> {
  readonly clock = new FakeClock(undefined, () => this.settle());
  readonly feed: FaultyFeed;
  readonly database: FileDatabase<W>;
  /** Opens a stream. */
  readonly open: OpenFileStream;
  /** Changes that queries have returned. */
  returned = 0;
  readonly #queries = new FaultyQueries(this.clock);
  #shutdown = new AbortController();
  /** By revision: whose file had it. */
  readonly #ownerOf = new Map<number, string>();

  constructor(
    {
      database,
      maxFiles = 1000,
      live = "rows",
      wrap = (it) => it,
      answer = answerPings,
      onCommit = () => {},
      onPage = async () => {},
    }: SeamStreamsOptions<W>,
  ) {
    const { clock } = this;
    this.feed = new FaultyFeed(clock, live);
    this.database = database((changes) => {
      for (const change of changes) this.#noteOwner(change);
      onCommit(changes);
      this.feed.publish(changes);
    });
    const changesSince = wrap(async ({ userId, rights }, query, { onBegin }) => {
      const page = await this.#queries.run(() => {
        onBegin();
        return this.database.changesSince(userId, rights as Rights, query);
      });
      this.returned += page.changes.length;
      for (const change of page.changes) this.#noteOwner({ userId, change });
      await onPage();
      return page;
    });
    const random = seededRandom(1);
    const answered = answer({ feed: this.feed.subscribe, changesSince, clock, random });
    const feed = shareFeed(answered.feed, clock);
    this.open = (...stream) =>
      createOpenFileStream({
        feed,
        changesSince: answered.changesSince,
        isolate: { startedAt: clock.now(), limitMs: Infinity, shutdown: this.#shutdown.signal },
        createId: () => "a stream",
        heartbeatMs: 30_000,
        catchUpMs: 60_000,
        maxFiles,
        clock,
        random,
        log: () => {},
      })(...stream);
  }

  /** Whether the user has owned the file in this state. */
  readonly isOwn = (file: FileState, user: string): boolean => {
    return this.#ownerOf.get(file.revision) === user;
  };

  /**
   * @param owner Whose files a step writes.
   * @returns Whether it is a step that is taken here.
   */
  async take(step: { readonly do: string }, owner: string): Promise<boolean> {
    const handlers: Partial<Record<string, (step: never, owner: string) => unknown>> =
      this.#handlers;
    const handle = handlers[step.do];
    await handle?.(step as never, owner);
    return handle !== undefined;
  }

  heal(): void {
    this.#queries.heal();
    this.feed.heal();
  }

  /** Nothing moves any more but by the clock or the next step. */
  async settle(): Promise<void> {
    do await settle(); while (await this.database.goOn());
  }

  readonly #handlers: StreamsHandlers<W> = {
    "write": ({ writes }, owner) => this.database.writeAtOnce(owner, writes),
    "write in": ({ writes, transaction }, owner) => this.database.write(owner, writes, transaction),
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
    "queries": ({ next }) => this.#queries.decide(next),
    "rotate": () => {
      this.#shutdown.abort();
      this.#shutdown = new AbortController();
    },
    "wait": ({ ms }) => this.clock.advance(ms),
  };

  #noteOwner({ userId, change }: CommittedChange): void {
    if (!change.deleted) this.#ownerOf.set(change.revision, userId);
  }
}
