import * as fc from "fast-check";
import type {
  ChangesPage,
  ChangesSince,
} from "../../../supabase/functions/file-events/stream/changes_since.ts";
import {
  answerPings,
  type AnswerPingsOptions,
} from "../../../supabase/functions/file-events/stream/answer_pings.ts";
import { CatchUpLoop } from "../../../supabase/functions/file-events/stream/catch_up_loop.ts";
import { CatchUpSchedule } from "../../../supabase/functions/file-events/stream/catch_up_schedule.ts";
import type { FeedMessage } from "../../../supabase/functions/file-events/stream/file_feed.ts";
import { Outbox } from "../../../supabase/functions/file-events/stream/outbox.ts";
import { PingAnswerer } from "../../../supabase/functions/file-events/stream/ping_answerer.ts";
import { RevisionMemory } from "../../../supabase/functions/file-events/stream/revision_memory.ts";
import { assertFindsFault } from "../assert_finds_fault.ts";
import { ModelDatabase, type ModelDatabaseOptions, type ModelWrite } from "./model_database.ts";
import { runs } from "../runs.ts";
import { SeamWorld } from "../seam_world.ts";
import { type SeamSchedule, seamSchedule } from "./seam_schedule.ts";
import type { LiveMode, Step } from "../step.ts";
import { TELLING_SCHEDULES } from "../telling_schedules.ts";

// The schedules of seam_test.ts prove something only if they catch each of these.

const MAX_SCHEDULES = 3000;

interface Mutation {
  readonly database?: Pick<ModelDatabaseOptions, "cursor" | "pruning">;
  /** Stands between the streams and the database. */
  readonly wrap?: (changesSince: ChangesSince) => ChangesSince;
  /** Stands in for `answerPings`. */
  readonly answer?: typeof answerPings;
  /** What the feed brings; as the schedule says by default. */
  readonly live?: LiveMode;
  /** Whether there is a second client; as the schedule says by default. */
  readonly hasCompanion?: boolean;
  /** The steps that schedules are left with; all by default. */
  readonly only?: readonly Step["do"][];
  /** Whether policies hide nothing that the feed brings. */
  readonly nothingHidden?: boolean;
  /**
   * Whether at most one transaction is open at a time, as many as a cursor can name. What others change
   * may be left to a timed catch-up.
   */
  readonly isOneOpen?: boolean;
  /** How many files a stream may hold; as the schedule says by default. */
  readonly maxFiles?: number;
}

/** Steps without which nothing happens. */
const ORDINARY: readonly Step["do"][] = ["write", "write in", "commit", "roll back", "wait"];

/** Plays schedules in a mutated world. */
function playing(
  { database, only, nothingHidden, isOneOpen, ...mutation }: Mutation,
): fc.IAsyncProperty<[SeamSchedule]> {
  return fc.asyncProperty(seamSchedule, async ({ steps, ...options }) => {
    const world = new SeamWorld({
      ...options,
      ...mutation,
      database: (onCommit) => new ModelDatabase({ ...database, onCommit }),
    });
    await world.run(
      steps.filter((it) => !only || only.includes(it.do))
        .map((it) => nothingHidden ? withoutHiding(it) : it)
        .map((it) => isOneOpen && "transaction" in it ? { ...it, transaction: 1 } : it),
    );
    await world.agree();
  });
}

function withoutHiding(step: Step<ModelWrite>): Step<ModelWrite> {
  if (step.do !== "write" && step.do !== "write in") return step;
  return { ...step, writes: step.writes.filter(({ op }) => op !== "hide") };
}

async function findsFault(mutation: Mutation): Promise<void> {
  await assertFindsFault(playing(mutation), {
    schedules: MAX_SCHEDULES,
    examples: TELLING_SCHEDULES,
  });
}

/** Replaces methods of a class until the returned object is disposed of. */
function mutate<T extends object>(prototype: T, methods: Partial<T>): Disposable {
  const originals = Object.getOwnPropertyDescriptors(prototype);
  Object.assign(prototype, methods);
  return { [Symbol.dispose]: () => void Object.defineProperties(prototype, originals) };
}

/** Answers the first question of each client only; later there never is anything new. */
function withoutCatchUp(changesSince: ChangesSince): ChangesSince {
  return async (caller, query, options) => {
    const page = await changesSince(caller, query, options);
    return page.reset || page.cursor === query.since ? page : { ...page, changes: [] };
  };
}

Deno.test("schedules catch a stream without catch-up", async () => {
  await findsFault({ wrap: withoutCatchUp });
});

Deno.test("schedules catch a merge that lets every live change pass", async () => {
  using _ = mutate(RevisionMemory.prototype, { judge: () => "new" });
  await findsFault({});
});

Deno.test("schedules catch a merge that ignores revisions of what is caught up", async () => {
  using _ = mutate(RevisionMemory.prototype, { lacks: () => true });
  await findsFault({});
});

Deno.test("schedules catch a merge that keeps a state of a file which the catch-up hides", async () => {
  const { lacks } = RevisionMemory.prototype;
  using _ = mutate(RevisionMemory.prototype, {
    lacks(this: RevisionMemory, change) {
      const revision = change.deleted ? change.revision - 0.5 : change.revision;
      return lacks.call(this, { ...change, revision });
    },
  });
  await findsFault({});
});

Deno.test("schedules catch a merge that takes what it has forgotten for new", async () => {
  const { judge } = RevisionMemory.prototype;
  using _ = mutate(RevisionMemory.prototype, {
    judge(this: RevisionMemory, change) {
      const verdict = judge.call(this, change);
      return verdict === "uncertain" ? "new" : verdict;
    },
  });
  await findsFault({});
});

Deno.test("schedules catch a resumed stream that forgets what its client knows", async () => {
  using _ = mutate(RevisionMemory.prototype, { assumeSent: () => {} });
  await findsFault({});
});

Deno.test("schedules catch a cursor that is the largest revision", async () => {
  await findsFault({ database: { cursor: "revision" } });
});

Deno.test("schedules catch a cursor that covers only what lies below all that runs", async () => {
  await findsFault({ database: { cursor: "horizon" } });
});

Deno.test("schedules catch a cursor that covers transactions which it can't name", async () => {
  await findsFault({ database: { cursor: "unlowered bound" } });
});

Deno.test("schedules catch a cursor that is good for other rights", async () => {
  await findsFault({ database: { cursor: "any rights" } });
});

Deno.test("schedules catch a stream that is ready after any run", async () => {
  await findsFault({
    wrap: (changesSince) => async (caller, query, options) => {
      const page = await changesSince(caller, query, options);
      return { ...page, current: !page.more };
    },
  });
});

Deno.test("schedules catch pruning by time", async () => {
  await findsFault({ database: { pruning: "time" } });
});

Deno.test("schedules catch ids that are sent ahead of what they cover", async () => {
  const { take } = Outbox.prototype;
  using _ = mutate(Outbox.prototype, {
    take(this: Outbox) {
      const entry = take.call(this);
      return entry && (this.cursor === null ? entry : { ...entry, cursor: this.cursor });
    },
  });
  await findsFault({});
});

Deno.test("schedules catch an outbox that keeps the older state", async () => {
  const { putChange } = Outbox.prototype;
  const waiting = new WeakMap<Outbox, Set<string>>();
  using _ = mutate(Outbox.prototype, {
    putChange(this: Outbox, change) {
      const ids = waiting.get(this) ?? new Set();
      if (this.fileCount === 0) ids.clear();
      waiting.set(this, ids);
      if (ids.has(change.id)) return;
      ids.add(change.id);
      putChange.call(this, change);
    },
  });
  await findsFault({});
});

Deno.test("schedules catch a reset that leaves the client its old id", async () => {
  const { take } = Outbox.prototype;
  using _ = mutate(Outbox.prototype, {
    take(this: Outbox) {
      const entry = take.call(this);
      return entry?.kind === "reset" ? { kind: "reset" } : entry;
    },
  });
  await findsFault({});
});

/** Lets a stream whose feed is live ask only if something requests it, or to repeat a failure. */
function withoutTimedCatchUps(): Disposable {
  const { delay, feedChanged } = CatchUpSchedule.prototype;
  const live = new WeakSet<CatchUpSchedule>();
  return mutate(CatchUpSchedule.prototype, {
    feedChanged(this: CatchUpSchedule, isLive) {
      live[isLive ? "add" : "delete"](this);
      return feedChanged.call(this, isLive);
    },
    delay(this: CatchUpSchedule) {
      return live.has(this) && !this.isRetry ? Infinity : delay.call(this);
    },
  });
}

for (const fault of ["start cold", "exceed the limit", "lose the walsender"] as const) {
  Deno.test(`schedules catch a stream that asks nothing while its feed is live: ${fault}`, async () => {
    using _ = withoutTimedCatchUps();
    await findsFault({ only: [...ORDINARY, fault] });
  });
}

/**
 * Steps after which a stream must ask, although its feed loses nothing while it is live. A feed that
 * brings rows does not obey the policies.
 */
const JOINS: Mutation = {
  nothingHidden: true,
  only: [...ORDINARY, "queries", "join", "break", "drop sockets"],
};

Deno.test("schedules find nothing wrong with a stream that asks only when it must, whenever its feed joins", async () => {
  using _ = withoutTimedCatchUps();
  await fc.assert(playing({ ...JOINS, isOneOpen: true }), runs(300));
});

Deno.test("schedules catch a stream whose feed is live after its query has begun, and which asks no more", async () => {
  using _ = withoutTimedCatchUps();
  using __ = mutate(CatchUpLoop.prototype, { queryBegan() {} });
  await findsFault(JOINS);
});

/** Pings are all that the feed brings, and it loses none while it is live. */
const PINGS: Mutation = { ...JOINS, nothingHidden: false, live: "pings" };
const SHARED_PINGS: Mutation = { ...PINGS, hasCompanion: true };

for (const hasCompanion of [false, true]) {
  const streams = hasCompanion ? "two streams that ask" : "a stream that asks";
  Deno.test(`schedules find nothing wrong with ${streams} only when they must, if pings are answered`, async () => {
    using _ = withoutTimedCatchUps();
    await fc.assert(playing({ ...PINGS, isOneOpen: true, hasCompanion }), runs(300));
  });
}

/** Stands around {@linkcode answerPings}, and knows which queries are its own. */
function answering(
  { ask = (query) => query(), hear = () => true, tell = () => true }: {
    /** Stands between it and the database, for its own queries. */
    ask?: (query: () => Promise<ChangesPage>) => Promise<ChangesPage>;
    /** Whether it hears what the feed says. */
    hear?: (message: FeedMessage) => boolean;
    /** Whether streams hear what it says. */
    tell?: (message: FeedMessage) => boolean;
  },
): typeof answerPings {
  return ({ feed, changesSince, ...options }: AnswerPingsOptions) => {
    const subscriptions = new WeakSet<AbortSignal>();
    const answered = answerPings({
      ...options,
      feed(caller, onMessage, { signal }) {
        subscriptions.add(signal);
        return feed(caller, (message) => hear(message) && onMessage(message), { signal });
      },
      changesSince(...query) {
        const [, , { signal }] = query;
        const isOwn = subscriptions.has(signal);
        return isOwn ? ask(() => changesSince(...query)) : changesSince(...query);
      },
    });
    return {
      ...answered,
      feed: (caller, onMessage, { signal }) =>
        answered.feed(caller, (message) => tell(message) && onMessage(message), { signal }),
    };
  };
}

async function findsFaultOfPings(mutation: Mutation): Promise<void> {
  using _ = withoutTimedCatchUps();
  await findsFault({ ...PINGS, ...mutation });
}

Deno.test("schedules catch pings that nobody answers", async () => {
  await findsFaultOfPings({ answer: answering({ hear: ({ kind }) => kind !== "ping" }) });
});

Deno.test("schedules catch pings that are ignored while a query runs", async () => {
  let running = 0;
  const ask = async (query: () => Promise<ChangesPage>) => {
    running++;
    try {
      return await query();
    } finally {
      running--;
    }
  };
  const hear = ({ kind }: FeedMessage) => kind !== "ping" || running === 0;
  await findsFaultOfPings({ answer: answering({ ask, hear }) });
});

Deno.test("schedules catch pings that are skipped though no page covers them", async () => {
  const { receive } = PingAnswerer.prototype;
  using _ = mutate(PingAnswerer.prototype, {
    receive(this: PingAnswerer, message) {
      const isPing = message.kind === "ping";
      receive.call(this, isPing ? { ...message, changedIn: message.changedIn - 1n } : message);
    },
  });
  await findsFaultOfPings({});
});

Deno.test("schedules catch a cursor that is adopted from one of two streams", async () => {
  const { signal } = new AbortController();
  const answer = (options: AnswerPingsOptions) => {
    const { feed, changesSince } = answerPings(options);
    const asOne: ChangesSince = (caller, query, { onBegin }) =>
      changesSince(caller, query, { onBegin, signal });
    return { feed, changesSince: asOne };
  };
  await findsFaultOfPings({ ...SHARED_PINGS, answer });
});

Deno.test("schedules catch an answer of several pages that is taken for all", async () => {
  const ask = async (query: () => Promise<ChangesPage>) => ({ ...await query(), more: false });
  await findsFaultOfPings({ answer: answering({ ask }) });
});

const HINTS: Record<string, (page: ChangesPage) => boolean> = {
  "an answer of several pages": ({ more }) => more,
  "an answer that begins a snapshot or gives the first cursor": ({ reset }) => reset,
};
for (const [name, needsHint] of Object.entries(HINTS)) {
  Deno.test(`schedules catch a missing hint after ${name}`, async () => {
    let isMissing = false;
    const ask = async (query: () => Promise<ChangesPage>) => {
      const page = await query();
      isMissing = needsHint(page);
      return page;
    };
    const tell = ({ kind }: FeedMessage) => kind !== "hint" || !isMissing;
    await findsFaultOfPings({ ...SHARED_PINGS, answer: answering({ ask, tell }) });
  });
}

Deno.test("schedules catch a missing hint after an answer that has failed", async () => {
  let isMissing = false;
  const ask = async (query: () => Promise<ChangesPage>) => {
    isMissing = true;
    const page = await query();
    isMissing = false;
    return page;
  };
  const tell = ({ kind }: FeedMessage) => kind !== "hint" || !isMissing;
  await findsFaultOfPings({ answer: answering({ ask, tell }) });
});
