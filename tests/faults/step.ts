import * as fc from "fast-check";
import type { Fate } from "./faulty_feed.ts";
import type { Rights, Write } from "./file_database.ts";

/** One step of a schedule. A schedule is data: it can be printed, shrunk and replayed. */
export type Step<W = Write> =
  /** Writes in a transaction of its own. */
  | { readonly do: "write"; readonly writes: readonly W[] }
  /** Writes in a transaction that stays open. */
  | { readonly do: "write in"; readonly transaction: number; readonly writes: readonly W[] }
  | { readonly do: "commit" | "roll back"; readonly transaction: number }
  | { readonly do: "prune" | "pass a day" }
  | { readonly do: "decide"; readonly fates: readonly Fate[] }
  | { readonly do: "flush" | "drop sockets" | "deafen" | "realtime down" | "realtime up" }
  /** Realtime loses messages for a while, and nothing tells. */
  | { readonly do: "start cold" | "exceed the limit" | "lose the walsender" }
  | { readonly do: "queries"; readonly next: readonly QueryFate[] }
  | { readonly do: "rotate" | "break" | "go offline" | "go online" | "stall" }
  /** Connects anew with another `file_id` filter, and still with the last id. */
  | { readonly do: "filter"; readonly fileIds: readonly string[] | null }
  /** Connects anew with another token, and still with the last id. */
  | { readonly do: "sign in"; readonly rights: Rights }
  /** Reads so many bytes, then breaks the connection. */
  | { readonly do: "break after"; readonly bytes: number }
  | { readonly do: "read"; readonly messages: number }
  | { readonly do: "wait"; readonly ms: number }
  /** Everything heals; the client must agree with the database. */
  | { readonly do: "settle" };

/** What becomes of a catch-up query. A slow one is asked at once and answered late. */
export type QueryFate = "answer" | "fail" | "hang" | "slow";

export const OWNER = "11111111-1111-4111-8111-111111111111";
export const OTHER = "22222222-2222-4222-8222-222222222222";

/** Few, so that writes meet. */
export const FILE_IDS = Array.from(
  { length: 8 },
  (_, i) => `00000000-0000-4000-8000-00000000000${i}`,
);

export const fileId = fc.constantFrom(...FILE_IDS);
export const write: fc.Arbitrary<Write> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ op: fc.constant("insert" as const), id: fileId }) },
  {
    weight: 6,
    arbitrary: fc.record({
      op: fc.constant("update" as const),
      id: fileId,
      progress: fc.integer({ min: 0, max: 100 }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ op: fc.constant("delete" as const), id: fileId }) },
  {
    weight: 1,
    arbitrary: fc.record({
      op: fc.constant("give" as const),
      id: fileId,
      to: fc.constantFrom(OWNER, OTHER),
    }),
  },
);
const transaction = fc.integer({ min: 1, max: 3 });
const fate = fc.constantFrom<Fate>("deliver", "drop", "drop", "double", "delay", "hint");
const queryFate = fc.constantFrom<QueryFate>("answer", "fail", "hang", "slow");

function only<const T extends string>(...names: T[]): fc.Arbitrary<{ do: T }> {
  return fc.record({ do: fc.constantFrom(...names) });
}

const filter = fc.oneof(
  { weight: 4, arbitrary: fc.constant(null) },
  {
    weight: 1,
    arbitrary: fc.uniqueArray(fileId, { minLength: 1, maxLength: 5 }).map((
      ids,
    ) => ids.sort()),
  },
);

/** Steps that break, delay or heal something. */
const faults = [
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("decide" as const),
      fates: fc.array(fate, { minLength: 1, maxLength: 6 }),
    }),
  },
  {
    weight: 5,
    arbitrary: only("flush", "flush", "drop sockets", "deafen", "realtime down", "realtime up"),
  },
  { weight: 2, arbitrary: only("start cold", "exceed the limit", "lose the walsender") },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant("queries" as const),
      next: fc.array(queryFate, { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 5,
    arbitrary: only("rotate", "break", "go offline", "go online", "go online", "stall"),
  },
  {
    weight: 1,
    arbitrary: fc.record({ do: fc.constant("filter" as const), fileIds: filter }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant("sign in" as const),
      rights: fc.constantFrom<Rights>("aal1", "aal2"),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("break after" as const),
      bytes: fc.integer({ min: 1, max: 3000 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("read" as const),
      messages: fc.integer({ min: 1, max: 10 }),
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant("wait" as const),
      ms: fc.constantFrom(1, 20, 1_500, 6_000, 45_000),
    }),
  },
  { weight: 1, arbitrary: only("settle") },
] as const;

/** How often, beside the weights of other steps. */
interface Weights {
  /** Transactions that stay open. */
  readonly open: number;
  readonly pruning: number;
}

/** Steps that write, by what draws a write. */
function writeSteps<W>(write: fc.Arbitrary<W>, { open, pruning }: Weights) {
  const writes = fc.array(write, { minLength: 1, maxLength: 6 });
  return [
    { weight: 12, arbitrary: fc.record({ do: fc.constant("write" as const), writes }) },
    {
      weight: open,
      arbitrary: fc.record({ do: fc.constant("write in" as const), transaction, writes }),
    },
    {
      weight: open,
      arbitrary: fc.record({
        do: fc.constantFrom("commit" as const, "commit" as const, "roll back" as const),
        transaction,
      }),
    },
    { weight: pruning, arbitrary: only("prune", "pass a day") },
  ] as const;
}

export interface Schedule<W = Write> {
  readonly fileIds: readonly string[] | null;
  readonly maxFiles: number;
  readonly steps: readonly Step<W>[];
}

/**
 * A schedule, the `file_id` filter of its client, and how many files a stream may hold. Every other
 * one has a transaction that stays open from beginning to end.
 */
export function schedules<W>(
  write: fc.Arbitrary<W>,
  weights: Weights,
): fc.Arbitrary<Schedule<W>> {
  const step: fc.Arbitrary<Step<W>> = fc.oneof(...writeSteps(write, weights), ...faults);
  return fc.record({
    fileIds: filter,
    // Above the databases' page size, and small enough to overflow.
    maxFiles: fc.constantFrom(4, 1000),
    steps: fc.array(step, { minLength: 5, maxLength: 80, size: "max" }),
    longWrites: fc.option(fc.array(write, { minLength: 1, maxLength: 2 })),
  }).map(({ longWrites, steps, ...options }) => {
    return { ...options, steps: longWrites ? keepOpen(longWrites, steps) : steps };
  });
}

const LONG_TRANSACTION = 3;

/** Opens a transaction with these writes that no step ends. */
function keepOpen<W>(writes: readonly W[], steps: readonly Step<W>[]): Step<W>[] {
  const others = steps.filter((step) => {
    return !(step.do === "commit" || step.do === "roll back") ||
      step.transaction !== LONG_TRANSACTION;
  });
  return [{ do: "write in", transaction: LONG_TRANSACTION, writes }, ...others];
}

export const schedule = schedules(write, { open: 5, pruning: 2 });
