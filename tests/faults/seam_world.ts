import type { ChangesSince } from "../../supabase/functions/file-events/stream/changes_since.ts";
import { answerPings } from "../../supabase/functions/file-events/stream/answer_pings.ts";
import { createOpenFileStream } from "../../supabase/functions/file-events/stream/file_stream.ts";
import { shareFeed } from "../../supabase/functions/file-events/realtime/share_feed.ts";
import { FakeClock, settle } from "../support/fake_clock.ts";
import { FaultyFeed } from "./faulty_feed.ts";
import { FaultyQueries } from "./faulty_queries.ts";
import type {
  FileChange,
  FileState,
} from "../../supabase/functions/file-events/stream/file_change.ts";
import type { FileDatabase, OnCommit, Rights } from "./file_database.ts";
import { openPolled } from "./open_polled.ts";
import { SeamClient } from "./seam_client.ts";
import type { createFileEvents } from "../../client/create_file_events.ts";
import type { ClientStep } from "./client_step.ts";
import type { Auth, LiveMode, Step, WorldStep } from "./step.ts";
import { seededRandom } from "../support/seeded_random.ts";

export interface SeamWorldOptions<W> {
  readonly database: (onCommit: OnCommit) => FileDatabase<W>;
  readonly fileIds: readonly string[] | null;
  readonly maxFiles?: number;
  /** What the feed brings of a change; rows by default. */
  readonly live?: LiveMode;
  /** Whether a second client of the same user is there all the time, and shares the feed. */
  readonly hasCompanion?: boolean;
  /** How the first client asks for its token; supabase-js by default. */
  readonly auth?: Auth;
  /** Whether the first client waits before it connects again. */
  readonly isPatient?: boolean;
  /** Stands in for the client. */
  readonly createClient?: typeof createFileEvents;
  /** Stands between the streams and the database. */
  readonly wrap?: (changesSince: ChangesSince) => ChangesSince;
  /** Stands in for {@linkcode answerPings}. */
  readonly answer?: typeof answerPings;
  /** Whether clients get their events by polling. */
  readonly polls?: boolean;
}

/**
 * The real streams between a database and a feed full of faults, on a clock that moves by hand. Steps
 * are about the first client.
 */
export class SeamWorld<W> {
  readonly clock = new FakeClock(undefined, () => this.#settle());
  readonly feed: FaultyFeed;
  readonly database: FileDatabase<W>;
  readonly client: SeamClient;
  readonly #clients: readonly SeamClient[];
  /** Changes that queries have returned. */
  #returned = 0;
  #shutdown = new AbortController();
  readonly #queries = new FaultyQueries(this.clock);

  constructor(
    {
      database,
      fileIds,
      maxFiles = 1000,
      live = "rows",
      hasCompanion = false,
      auth = "supabase",
      isPatient = false,
      createClient,
      wrap = (it) => it,
      answer = answerPings,
      polls = false,
    }: SeamWorldOptions<W>,
  ) {
    const { clock } = this;
    this.feed = new FaultyFeed(clock, live);
    this.database = database((changes) => {
      const { user, rights } = this.client.session;
      const visible = this.database.peek?.(user, rights);
      for (const { change } of changes) {
        // A change can also hide a file.
        if (change.deleted || visible?.has(change.id) === false) this.#goneSince.add(change.id);
      }
      for (const { userId, change } of changes) this.#noteOwner(userId, change);
      this.feed.publish(changes);
    });
    const changesSince = wrap(async ({ userId, rights }, query, { onBegin }) => {
      const page = await this.#queries.run(() => {
        onBegin();
        return this.database.changesSince(userId, rights as Rights, query);
      });
      this.#returned += page.changes.length;
      for (const change of page.changes) this.#noteOwner(userId, change);
      if (this.database.peek) await this.#noteRunning();
      return page;
    });
    const random = seededRandom(1);
    const answered = answer({ feed: this.feed.subscribe, changesSince, clock, random });
    const feed = shareFeed(answered.feed, clock);
    const open = (...stream: Parameters<ReturnType<typeof createOpenFileStream>>) =>
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
    const client = {
      open: polls ? openPolled(open, clock) : open,
      clock,
      isOwn: (file: FileState, user: string) => this.#ownerOf.get(file.revision) === user,
      ...(createClient && { create: createClient }),
    };
    this.client = new SeamClient({ ...client, fileIds, auth, isPatient });
    this.client.onConnect = () => {
      const requested = this.#peek();
      this.#goneSince.clear();
      this.client.onReady = () => this.#checkReady(requested);
    };
    this.#clients = [
      this.client,
      ...(hasCompanion
        ? [new SeamClient({ ...client, fileIds: null, auth: "supabase", isPatient: false })]
        : []),
    ];
  }

  async run(steps: readonly Step<W>[]): Promise<void> {
    await this.#settle();
    for (const step of steps) {
      await this.#take(step);
      await this.#settle();
      for (const client of this.#clients) client.check();
      this.#hurry();
      await this.#settle();
    }
  }

  async #take(step: Step<W>): Promise<void> {
    const handlers: Partial<Record<string, (step: never) => unknown>> = this.#handlers;
    const handle = handlers[step.do];
    if (handle) await handle(step as never);
    else await this.client.take(step as ClientStep);
  }

  /**
   * Heals everything, waits for what the design promises, and compares: first while transactions
   * are open, then when all are committed.
   */
  async agree(): Promise<void> {
    this.#queries.heal();
    this.feed.heal();
    for (const client of this.#clients) client.heal();
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
      this.#hurry();
      await this.clock.advance(10_000);
    }
    for (const client of this.#clients) await this.#compareClient(client);
  }

  async #compareClient(client: SeamClient): Promise<void> {
    const { files, session, fileIds } = client;
    await client.checkConsumers();
    client.assertNoViolations();
    const { state, reason } = files.connection.value;
    if (state !== "live") throw new Error(`The client has no stream: ${state} ${reason}`);
    const expected = [...(await this.database.select(session.user, session.rights)).values()]
      .filter(({ id }) => fileIds === null || fileIds.includes(id));
    const text = (files: readonly FileState[]) =>
      JSON.stringify(files.toSorted((a, b) => a.id < b.id ? -1 : 1), null, 1);
    if (text(files.value) !== text(expected)) {
      throw new Error(`The client has ${text(files.value)}\nthe database ${text(expected)}`);
    }
  }

  async close(): Promise<void> {
    for (const client of this.#clients) client.close();
    // A subscription goes on for so long after its last client has left.
    await this.clock.advance(30_000);
    if (this.feed.size > 0) throw new Error(`${this.feed.size} subscriptions are left over`);
  }

  /** Nothing moves any more but by the clock or the next step. */
  async #settle(): Promise<void> {
    do await settle(); while (await this.database.goOn());
  }

  /** By what a step does: how. */
  readonly #handlers: WorldHandlers<W> = {
    "write": ({ writes }) => this.database.writeAtOnce(this.client.session.user, writes),
    "write in": ({ writes, transaction }) =>
      this.database.write(this.client.session.user, writes, transaction),
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
    "settle": () => this.agree(),
  };

  #hurry(): void {
    for (const client of this.#clients) client.hurry();
  }

  /** By revision: whose file had it. */
  readonly #ownerOf = new Map<number, string>();

  #noteOwner(userId: string, change: FileChange): void {
    if (!change.deleted) this.#ownerOf.set(change.revision, userId);
  }

  /** Files that were deleted, given away or hidden since the connection began; they may be back. */
  readonly #goneSince = new Set<string>();
  /** Since the last `ready`, more transactions ran than a cursor can name. */
  #tooManyRan = false;

  /** What the client should have, if that can be told at once. */
  #peek(): FileState[] {
    const { fileIds, session: { user, rights } } = this.client;
    return [...this.database.peek?.(user, rights).values() ?? []]
      .filter(({ id }) => fileIds === null || fileIds.includes(id));
  }

  async #noteRunning(): Promise<void> {
    this.#tooManyRan ||= await this.database.countRunning() > this.database.maxRunning;
  }

  /** `ready` says that the client has all that was committed before its request. */
  #checkReady(requested: readonly FileState[]): void {
    const tooManyRan = this.#tooManyRan;
    this.#tooManyRan = false;
    if (tooManyRan) return;
    const { files } = this.client;
    for (const { id, revision } of requested) {
      const isOlder = (files.get(id)?.revision ?? -1) < revision;
      if (isOlder && !this.#goneSince.has(id)) this.client.addViolation("ready came too early");
    }
  }
}

/** By what a step does: how. */
type WorldHandlers<W> = {
  [Do in WorldStep<W>["do"]]: (step: WorldStep<W> & { do: Do }) => unknown;
};
