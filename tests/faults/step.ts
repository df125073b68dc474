import * as fc from "fast-check";
import { type ClientStep, clientSteps, fileFilter, isOutage } from "./client_step.ts";
import type { Fate } from "./faulty_feed.ts";
import { OTHER, OWNER, type Write } from "./file_database.ts";
import { op, step } from "./tagged.ts";

/** One step of a schedule. A schedule is data: it can be printed, shrunk and replayed. */
export type Step<W = Write> = WorldStep<W> | ClientStep;

/** A step that concerns the database, the streams or their feed. */
export type WorldStep<W = Write> =
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
  /** How the feed joins from now on. */
  | { readonly do: "join"; readonly how: JoinFate }
  /** The isolate ends, and another one begins. */
  | { readonly do: "rotate" }
  | { readonly do: "wait"; readonly ms: number }
  /** Everything heals; the client must agree with the database. */
  | { readonly do: "settle" };

/**
 * What becomes of a catch-up query. A slow one is asked at once and answered late; a queued one is
 * asked late.
 */
export type QueryFate = "answer" | "fail" | "hang" | "slow" | "queued";

/**
 * How a feed joins. "quick": it says that it will be live in a moment, and is. "late": it says so,
 * and is live when the stream waits no more. "unannounced": it is as quick, and does not say so.
 */
export type JoinFate = "quick" | "late" | "unannounced";

/**
 * What the feed brings of a change. "rows": the changed row, or a ping for a transaction that changes
 * many. "pings": always a ping.
 */
export type LiveMode = "rows" | "pings";

/** Few, so that writes meet. */
export const FILE_IDS = Array.from(
  { length: 8 },
  (_, i) => `00000000-0000-4000-8000-00000000000${i}`,
);

export const fileId = fc.constantFrom(...FILE_IDS);
export const progress = fc.integer({ min: 0, max: 100 });
export const write: fc.Arbitrary<Write> = fc.oneof(
  op(4, ["insert"], { id: fileId }),
  op(6, ["update"], { id: fileId, progress }),
  op(3, ["delete"], { id: fileId }),
  op(1, ["give"], { id: fileId, to: fc.constantFrom(OWNER, OTHER) }),
);
const transaction = fc.integer({ min: 1, max: 3 });
const fate = fc.constantFrom<Fate>("deliver", "drop", "drop", "double", "delay", "hint");
const queryFate = fc.constantFrom<QueryFate>("answer", "fail", "hang", "slow", "queued");
const joinFate = fc.constantFrom<JoinFate>("quick", "late", "unannounced");

/** Steps that break, delay or heal something beside the client. */
export const worldFaults = [
  step(4, ["decide"], { fates: fc.array(fate, { minLength: 1, maxLength: 6 }) }),
  step(5, ["flush", "flush", "drop sockets", "deafen", "realtime down", "realtime up"]),
  step(2, ["start cold", "exceed the limit", "lose the walsender"]),
  step(3, ["queries"], { next: fc.array(queryFate, { minLength: 1, maxLength: 3 }) }),
  step(2, ["join"], { how: joinFate }),
  step(1, ["rotate"]),
  step(8, ["wait"], { ms: fc.constantFrom(1, 20, 1_500, 6_000, 45_000) }),
  step(1, ["settle"]),
] as const;

/** How often, beside the weights of other steps. */
interface Weights {
  /** Transactions that stay open. */
  readonly open: number;
  readonly pruning: number;
}

/** Steps that write, by what draws a write. */
export function writeSteps<W>(write: fc.Arbitrary<W>, { open, pruning }: Weights) {
  const writes = fc.array(write, { minLength: 1, maxLength: 6 });
  return [
    step(12, ["write"], { writes }),
    step(open, ["write in"], { transaction, writes }),
    step(open, ["commit", "commit", "roll back"], { transaction }),
    step(pruning, ["prune", "pass a day"]),
  ] as const;
}

/** How a client asks for its token. */
export type Auth = "getToken" | "supabase";

export interface Schedule<W = Write> {
  readonly fileIds: readonly string[] | null;
  readonly maxFiles: number;
  /** Rows by default. */
  readonly live?: LiveMode;
  /** Whether a second client of the same user is there all the time. */
  readonly hasCompanion?: boolean;
  /**
   * How the client asks for its token; supabase-js by default. With `getToken`, `reconnect()` drops the
   * files, so that an impatient client resumes nothing.
   */
  readonly auth?: Auth;
  /** Whether the client waits before it connects again. By default it is told to after each step. */
  readonly isPatient?: boolean;
  readonly steps: readonly Step<W>[];
}

/**
 * A schedule, the `file_id` filter of its client, and how many files a stream may hold. Every other
 * one has a transaction that stays open from beginning to end. In every third one the client has
 * more to endure than breaks.
 */
export function schedules<W>(
  write: fc.Arbitrary<W>,
  weights: Weights,
): fc.Arbitrary<Schedule<W>> {
  const anyStep: fc.Arbitrary<Step<W>> = fc.oneof(
    ...writeSteps(write, weights),
    ...worldFaults,
    ...clientSteps(fileId),
  );
  return fc.record({
    fileIds: fileFilter(fileId),
    // Above the databases' page size, and small enough to overflow.
    maxFiles: fc.constantFrom(4, 1000),
    live: fc.constantFrom<LiveMode>("rows", "pings"),
    hasCompanion: fc.boolean(),
    auth: fc.constantFrom<Auth>("getToken", "supabase", "supabase", "supabase"),
    isPatient: fc.boolean(),
    hasOutages: fc.constantFrom(true, false, false),
    steps: fc.array(anyStep, { minLength: 5, maxLength: 80, size: "max" }),
    longWrites: fc.option(fc.array(write, { minLength: 1, maxLength: 2 })),
  }).map(({ longWrites, hasOutages, isPatient, steps: drawn, ...options }) => {
    const steps = hasOutages ? drawn : drawn.filter((step) => !isOutage(step));
    return {
      ...options,
      isPatient: hasOutages && isPatient,
      steps: longWrites ? keepOpen(longWrites, steps) : steps,
    };
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
