import * as fc from "fast-check";
import type { ChangesSince } from "../../../supabase/functions/file-events/stream/changes_since.ts";
import { CatchUpLoop } from "../../../supabase/functions/file-events/stream/catch_up_loop.ts";
import { CatchUpSchedule } from "../../../supabase/functions/file-events/stream/catch_up_schedule.ts";
import { Outbox } from "../../../supabase/functions/file-events/stream/outbox.ts";
import { RevisionMemory } from "../../../supabase/functions/file-events/stream/revision_memory.ts";
import { assertFindsFault } from "../assert_finds_fault.ts";
import { ModelDatabase, type ModelDatabaseOptions } from "./model_database.ts";
import { runs } from "../runs.ts";
import { SeamWorld } from "../seam_world.ts";
import { type Schedule, schedule, type Step } from "../step.ts";
import { TELLING_SCHEDULES } from "../telling_schedules.ts";

// The schedules of seam_test.ts prove something only if they catch each of these.

const MAX_SCHEDULES = 3000;

interface Mutation {
  readonly database?: Pick<ModelDatabaseOptions, "cursor" | "pruning">;
  /** Stands between the streams and the database. */
  readonly wrap?: (changesSince: ChangesSince) => ChangesSince;
  /** The steps that schedules are left with; all by default. */
  readonly only?: readonly Step["do"][];
  /** How many files a stream may hold; as the schedule says by default. */
  readonly maxFiles?: number;
}

/** Steps without which nothing happens. */
const ORDINARY: readonly Step["do"][] = ["write", "write in", "commit", "roll back", "wait"];

/** Plays schedules in a mutated world. */
function playing({ database, only, ...mutation }: Mutation): fc.IAsyncProperty<[Schedule]> {
  return fc.asyncProperty(schedule, async ({ steps, ...options }) => {
    const world = new SeamWorld({
      ...options,
      ...mutation,
      database: (onCommit) => new ModelDatabase({ ...database, onCommit }),
    });
    await world.run(
      only ? steps.filter((it) => only.includes(it.do)) : steps,
    );
    await world.agree();
  });
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

/** Steps after which a stream must ask, although its feed loses nothing while it is live. */
const JOINS: Mutation = {
  only: [...ORDINARY, "queries", "join", "break", "drop sockets"],
};

Deno.test("schedules find nothing wrong with a stream that asks only when it must, whenever its feed joins", async () => {
  using _ = withoutTimedCatchUps();
  await fc.assert(playing(JOINS), runs(300));
});

Deno.test("schedules catch a stream whose feed is live after its query has begun, and which asks no more", async () => {
  using _ = withoutTimedCatchUps();
  using __ = mutate(CatchUpLoop.prototype, { queryBegan() {} });
  await findsFault(JOINS);
});
