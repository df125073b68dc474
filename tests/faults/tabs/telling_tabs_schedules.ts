import { FILE_IDS } from "../step.ts";
import type { TabsSchedule, TabsStep } from "./tabs_schedule.ts";

const [A, B, C, D] = FILE_IDS as [string, string, string, string];

const insert = (...ids: string[]): TabsStep => ({
  do: "write",
  writes: ids.map((id) => ({ op: "insert", id })),
});
const wait = (ms: number): TabsStep => ({ do: "wait", ms });

const browser = {
  opened: 2,
  hasOwnSessions: false,
  auth: "supabase",
  live: "rows",
  maxFiles: 1000,
} as const;

/** Schedules that random ones rarely meet. Each shows a fault of a mutated client. */
export const TELLING_TABS_SCHEDULES: readonly TabsSchedule[] = [
  {
    // A lock is granted to a frozen tab, and stolen from it. It learns of both at the same time.
    ...browser,
    opened: 3,
    steps: [
      wait(1_500),
      { do: "freeze", tab: 1, event: null, isCut: false, isDeaf: false },
      { do: "freeze", tab: 0, event: "pagehide", isCut: false, isDeaf: false },
      wait(12_000),
      { do: "thaw", tab: 1, first: "messages" },
    ],
  },
  {
    // Nobody looks at the tab that is left, and its leader is frozen.
    ...browser,
    steps: [
      wait(1_500),
      { do: "hide", tab: 1 },
      { do: "freeze", tab: 0, event: null, isCut: true, isDeaf: false },
      insert(A),
    ],
  },
  {
    // A leader is frozen while it looks at its lock, goes on when another one leads, and is sure that it
    // has the lock. It has been asked for all. It does not join the others again, who would tell all.
    ...browser,
    auth: "getToken",
    steps: [
      wait(1_500),
      insert(A),
      { do: "freeze at the next look", tab: 0 },
      { do: "open", tab: 2 },
      wait(12_000),
      { do: "write", writes: [{ op: "delete", id: A }] },
      { do: "tokens", tab: 0, fate: "hangs" },
      { do: "thaw", tab: 0, first: "messages" },
      wait(20),
    ],
  },
  {
    // A tab that has missed a deletion takes the lead, and is not live for a while.
    ...browser,
    opened: 3,
    steps: [
      wait(1_500),
      insert(A, B),
      wait(20),
      { do: "freeze", tab: 2, event: null, isCut: false, isDeaf: true },
      { do: "write", writes: [{ op: "delete", id: A }] },
      wait(20),
      { do: "thaw", tab: 2, first: "messages" },
      { do: "queries", next: ["hang"] },
      { do: "reconnect", tab: 2 },
      wait(20),
    ],
  },
  {
    // A leader that has a part of the changes goes before it has them all. They come as pages.
    ...browser,
    steps: [
      wait(6_000),
      { do: "realtime down" },
      insert(A, B, C, D),
      { do: "queries", next: ["answer", "hang"] },
      { do: "reconnect", tab: 1 },
      wait(1_500),
      { do: "crash", tab: 1 },
      wait(6_000),
    ],
  },
  {
    // A tab is opened while the leader has a part of its first list.
    ...browser,
    opened: 0,
    steps: [
      insert(A, B, C, D),
      { do: "queries", next: ["answer", "slow"] },
      { do: "open", tab: 0 },
      wait(20),
      { do: "open", tab: 1 },
      wait(6_000),
    ],
  },
];
