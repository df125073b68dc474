import { OTHER, OWNER } from "./file_database.ts";
import { FILE_IDS, type Schedule, type Step } from "./step.ts";

const [A, B, C, D, E, F] = FILE_IDS as [string, string, string, string, string, string];

const insert = (...ids: string[]) => ids.map((id) => ({ op: "insert" as const, id }));
const update = (...ids: string[]) => ids.map((id) => ({ op: "update" as const, id, progress: 50 }));
const write = (writes: Extract<Step, { do: "write" }>["writes"]): Step => ({ do: "write", writes });

/**
 * Transaction 1 has the lowest id and writes the last state of file B. Transactions 2 and 3 stay
 * open, more than a cursor can name, so that nothing above them is covered. The message of B's first
 * state is late.
 */
const lowerTransactionWritesLater: Step[] = [
  { do: "write in", transaction: 1, writes: insert(A) },
  { do: "write in", transaction: 2, writes: insert(F) },
  { do: "write in", transaction: 3, writes: insert(E) },
  { do: "wait", ms: 1_500 },
  { do: "decide", fates: ["delay"] },
  write(insert(B)),
  { do: "write in", transaction: 1, writes: update(B) },
  { do: "commit", transaction: 1 },
  { do: "wait", ms: 45_000 },
  { do: "wait", ms: 45_000 },
];

/** Schedules that random ones rarely meet: each has shown a fault. */
export const TELLING_SCHEDULES: readonly Schedule[] = [
  {
    fileIds: null,
    maxFiles: 1000,
    steps: [...lowerTransactionWritesLater, { do: "flush" }],
  },
  {
    // The late message reaches a stream that was not there when B's last state was sent.
    fileIds: null,
    maxFiles: 1000,
    steps: [...lowerTransactionWritesLater, { do: "break" }, { do: "wait", ms: 20 }, {
      do: "flush",
    }],
  },
  {
    // More files change than are remembered while a catch-up is asked and not answered.
    fileIds: null,
    maxFiles: 4,
    steps: [
      { do: "wait", ms: 1_500 },
      write(insert(A)),
      { do: "write in", transaction: 1, writes: insert(F) },
      { do: "queries", next: ["slow"] },
      { do: "drop sockets" },
      { do: "wait", ms: 1_500 },
      write(update(A)),
      write(insert(B, C)),
      { do: "read", messages: 10 },
      write(insert(D, E)),
    ],
  },
  {
    // A catch-up is answered late, with an older state of a file than the feed has brought meanwhile.
    fileIds: null,
    maxFiles: 1000,
    steps: [
      write(insert(A)),
      { do: "wait", ms: 6_000 },
      { do: "decide", fates: ["hint"] },
      { do: "queries", next: ["slow"] },
      write([{ op: "update", id: A, progress: 10 }]),
      { do: "wait", ms: 20 },
      write(update(A)),
      { do: "wait", ms: 6_000 },
    ],
  },
  {
    // A client is reset for another filter, is cut off before it has an id, and goes back.
    fileIds: null,
    maxFiles: 1000,
    steps: [
      write(insert(A, B)),
      { do: "wait", ms: 1_500 },
      { do: "stall" },
      { do: "filter", fileIds: [A] },
      { do: "wait", ms: 20 },
      // The beginning of the stream, the reset, and the beginning of the next event.
      { do: "break after", bytes: 120 },
      { do: "read", messages: 2 },
      { do: "filter", fileIds: null },
    ],
  },
  {
    // Another user signs in while a slow consumer is in the middle of the first one's files, and has
    // one of them by now.
    fileIds: null,
    maxFiles: 1000,
    auth: "supabase",
    steps: [
      write(insert(A, B, C)),
      { do: "wait", ms: 1_500 },
      write(update(A, B, C)),
      write([{ op: "give", id: C, to: OTHER }]),
      { do: "sign in as", user: OTHER },
      // The second user has C before the consumer has taken B.
      { do: "wait", ms: 60 },
      { do: "wait", ms: 6_000 },
    ],
  },
  {
    // Another user signs in while nobody listens.
    fileIds: null,
    maxFiles: 1000,
    auth: "getToken",
    steps: [
      write(insert(A)),
      { do: "wait", ms: 1_500 },
      { do: "leave" },
      { do: "wait", ms: 6_000 },
      { do: "sign in as", user: OTHER },
      { do: "return" },
      { do: "wait", ms: 6_000 },
    ],
  },
  {
    // Consumers leave by their signal, and others come.
    fileIds: null,
    maxFiles: 1000,
    steps: [
      write(insert(A)),
      { do: "wait", ms: 1_500 },
      { do: "leave" },
      { do: "return" },
      { do: "sign in as", user: OWNER },
    ],
  },
  {
    // Each token that supabase-js reports is refused.
    fileIds: null,
    maxFiles: 1000,
    auth: "supabase",
    steps: [
      write(insert(A)),
      { do: "wait", ms: 1_500 },
      { do: "refuse all tokens" },
      { do: "break" },
      { do: "wait", ms: 6_000 },
    ],
  },
  {
    // Of the answer to a poll, one event can't be read.
    fileIds: null,
    maxFiles: 1000,
    auth: "supabase",
    isPatient: true,
    steps: [
      { do: "buffer", passing: "head" },
      { do: "wait", ms: 100_000 },
      { do: "requests", next: ["garbled"] },
      write(insert(A, B, C)),
      { do: "wait", ms: 1_500 },
      write(insert(D, E, F)),
      { do: "wait", ms: 6_000 },
    ],
  },
  {
    // No answer comes to a client that waits by itself.
    fileIds: null,
    maxFiles: 1000,
    auth: "supabase",
    isPatient: true,
    steps: [
      write(insert(A)),
      { do: "wait", ms: 1_500 },
      { do: "requests", next: ["silence"] },
      { do: "break" },
      { do: "wait", ms: 6_000 },
    ],
  },
];
