import type { FileState } from "../../supabase/functions/file-events/stream/file_change.ts";
import type { createFileEvents } from "../../client/create_file_events.ts";
import type { ClientStep } from "./client_step.ts";
import { compareWithDatabase } from "./compare_with_database.ts";
import { SeamClient } from "./seam_client.ts";
import { SeamStreams, type SeamStreamsOptions } from "./seam_streams.ts";
import type { Auth, Step } from "./step.ts";

export interface SeamWorldOptions<W>
  extends Pick<SeamStreamsOptions<W>, "database" | "maxFiles" | "live" | "wrap" | "answer"> {
  readonly fileIds: readonly string[] | null;
  /** Whether a second client of the same user is there all the time, and shares the feed. */
  readonly hasCompanion?: boolean;
  /** How the first client asks for its token; supabase-js by default. */
  readonly auth?: Auth;
  /** Whether the first client waits before it connects again. */
  readonly isPatient?: boolean;
  /** Stands in for the client. */
  readonly createClient?: typeof createFileEvents;
}

/** How long the design may take until a client has all, in milliseconds. */
const QUIET_MS = 180_000;
/** How long a client polls before it tries a stream again, and until that is live. */
const POLLING_MS = 660_000;
/** Two streams in which nothing comes, and the waits after them, in milliseconds. */
const UNTIL_POLLING_MS = 250_000;

/** Clients at the ends of real streams. Steps are about the first one. */
export class SeamWorld<W> {
  readonly streams: SeamStreams<W>;
  readonly #client: SeamClient;
  readonly #clients: readonly SeamClient[];

  constructor(
    {
      fileIds,
      hasCompanion = false,
      auth = "supabase",
      isPatient = false,
      createClient,
      ...options
    }: SeamWorldOptions<W>,
  ) {
    const streams = this.streams = new SeamStreams({
      ...options,
      onCommit: (changes) => {
        const { user, rights } = this.#client.session;
        const visible = streams.database.peek?.(user, rights);
        for (const { change } of changes) {
          // A change can also hide a file.
          if (change.deleted || visible?.has(change.id) === false) this.#goneSince.add(change.id);
        }
      },
      onPage: async () => {
        const { database } = streams;
        if (!database.peek) return;
        this.#tooManyRan ||= await database.countRunning() > database.maxRunning;
      },
    });
    const client = { streams, ...(createClient && { create: createClient }) };
    this.#client = new SeamClient({ ...client, fileIds, auth, isPatient });
    this.#client.onConnect = () => {
      const requested = this.#peek();
      this.#goneSince.clear();
      this.#client.onReady = () => this.#checkReady(requested);
    };
    this.#clients = [
      this.#client,
      ...(hasCompanion
        ? [new SeamClient({ ...client, fileIds: null, auth: "supabase", isPatient: false })]
        : []),
    ];
  }

  /** How many polls the first client has sent. */
  get polls(): number {
    return this.#client.polls;
  }

  async run(steps: readonly Step<W>[]): Promise<void> {
    await this.streams.settle();
    for (const step of steps) {
      await this.#take(step);
      await this.streams.settle();
      for (const client of this.#clients) client.check();
      this.#hurry();
      await this.streams.settle();
    }
  }

  async #take(step: Step<W>): Promise<void> {
    if (step.do === "settle") return await this.agree();
    const isTaken = await this.streams.take(step, this.#client.session.user);
    if (!isTaken) await this.#client.take(step as ClientStep);
  }

  /**
   * Heals everything, waits for what the design promises, and compares: first while transactions
   * are open, then when all are committed.
   */
  async agree(): Promise<void> {
    const { streams, streams: { database } } = this;
    streams.heal();
    const isComparable = await database.countRunning() <= database.maxRunning;
    if (this.#client.isBuffered && isComparable) await this.#compareBuffered();
    for (const client of this.#clients) client.heal();
    if (isComparable) {
      await this.#compare();
      await this.#expectQuiet();
    }
    await database.commitAll();
    await this.#compare();
  }

  /** Streams are held back, and nothing else is wrong. */
  async #compareBuffered(): Promise<void> {
    for (const client of this.#clients) client.heal({ isBuffered: true });
    await this.#pass(UNTIL_POLLING_MS);
    await this.#pass(QUIET_MS);
    await compareWithDatabase(this.#client, this.streams.database, { isBuffered: true });
  }

  /** What is committed is not read again, though older transactions are open. */
  async #expectQuiet(): Promise<void> {
    const before = this.streams.returned;
    await this.streams.clock.advance(QUIET_MS);
    const returned = this.streams.returned - before;
    if (returned > 0) throw new Error(`Though nothing changed, ${returned} changes were read`);
  }

  async #compare(): Promise<void> {
    await this.#pass(QUIET_MS);
    // Perhaps a stream has just been tried, and another one is in ten minutes.
    const isPolling = this.#clients.some(({ files }) => files.transport === "polling");
    if (isPolling) await this.#pass(POLLING_MS);
    for (const client of this.#clients) await compareWithDatabase(client, this.streams.database);
  }

  async close(): Promise<void> {
    const { streams, streams: { feed } } = this;
    for (const client of this.#clients) client.close();
    // A subscription goes on for so long after its last poll.
    await streams.clock.advance(30_000);
    if (feed.size > 0) throw new Error(`${feed.size} subscriptions are left over`);
  }

  async #pass(ms: number): Promise<void> {
    for (let waited = 0; waited < ms; waited += 10_000) {
      this.#hurry();
      await this.streams.clock.advance(10_000);
    }
  }

  #hurry(): void {
    for (const client of this.#clients) client.hurry();
  }

  /** Files that were deleted, given away or hidden since the connection began; they may be back. */
  readonly #goneSince = new Set<string>();
  /** Since the last `ready`, more transactions ran than a cursor can name. */
  #tooManyRan = false;

  /** What the client should have, if that can be told at once. */
  #peek(): FileState[] {
    const { fileIds, session: { user, rights } } = this.#client;
    return [...this.streams.database.peek?.(user, rights).values() ?? []]
      .filter(({ id }) => fileIds === null || fileIds.includes(id));
  }

  /** `ready` says that the client has all that was committed before its request. */
  #checkReady(requested: readonly FileState[]): void {
    const tooManyRan = this.#tooManyRan;
    this.#tooManyRan = false;
    if (tooManyRan) return;
    const { files } = this.#client;
    for (const { id, revision } of requested) {
      const isOlder = (files.get(id)?.revision ?? -1) < revision;
      if (isOlder && !this.#goneSince.has(id)) this.#client.addViolation("ready came too early");
    }
  }
}
