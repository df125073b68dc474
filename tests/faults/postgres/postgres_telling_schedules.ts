import { SECRET_ID } from "../file_database.ts";
import type { PostgresWrite } from "./postgres_write.ts";
import { FILE_IDS, type Schedule, type Step } from "../step.ts";

const [A, B, C, D, E, F, G] = FILE_IDS as [string, string, string, string, string, string, string];

type PostgresStep = Step<PostgresWrite>;

const insert = (...ids: string[]): PostgresWrite[] => ids.map((id) => ({ op: "insert", id }));
const update = (...ids: string[]): PostgresWrite[] =>
  ids.map((id) => ({ op: "update", id, progress: 50 }));
const remove = (id: string): PostgresWrite => ({ op: "delete", id });
const rename = (id: string, to: string): PostgresWrite => ({ op: "rename", id, to });
const repeatableRead: PostgresWrite = { op: "isolate", level: "repeatable read" };

const write = (...writes: PostgresWrite[]): PostgresStep => ({ do: "write", writes });
const writeIn = (transaction: number, ...writes: PostgresWrite[]): PostgresStep => {
  return { do: "write in", transaction, writes };
};
const commit = (transaction: number): PostgresStep => ({ do: "commit", transaction });
const rollBack = (transaction: number): PostgresStep => ({ do: "roll back", transaction });
const wait: PostgresStep = { do: "wait", ms: 45_000 };
const goOffline: PostgresStep = { do: "go offline" };
const goOnline: PostgresStep = { do: "go online" };
/** The stream does not wait for its feed before it queries. */
const joinUnannounced: PostgresStep = { do: "join", how: "unannounced" };
const passDay: PostgresStep[] = [{ do: "pass a day" }, { do: "prune" }];

/**
 * Transaction 1 has drawn the revision of its row A when it must wait for transaction 3, which then
 * deletes the A that was there. Transaction 2 holds the horizon between the two.
 */
function takeIdOfDeleted(first: PostgresWrite[], take: PostgresWrite): PostgresStep[] {
  return [
    write(...insert(A, D)),
    { do: "wait", ms: 1_500 },
    writeIn(1, ...first, ...insert(B)),
    writeIn(2, ...insert(C)),
    writeIn(3, ...update(A)),
    writeIn(1, take),
    writeIn(3, remove(A)),
    commit(3),
    commit(1),
    wait,
    wait,
  ];
}

/** What random schedules rarely meet, and only a real server plays: each has shown a fault. */
const TELLING_STEPS = {
  "a token may read more": [
    write(...insert(A, SECRET_ID)),
    { do: "wait", ms: 1_500 },
    { do: "sign in", rights: "aal2" },
    wait,
  ],
  "an insert waits for a delete": takeIdOfDeleted([], { op: "insert", id: A }),
  "a failing insert waits for a delete": takeIdOfDeleted([], { op: "insert or fail", id: A }),
  "a change of id waits for a delete": takeIdOfDeleted([], rename(D, A)),
  "an insert waits for a delete that it can't see": takeIdOfDeleted(
    [repeatableRead],
    { op: "insert", id: A },
  ),
  "TRUNCATE removes a row that it can't see": [
    writeIn(1, repeatableRead, ...insert(B)),
    write(...insert(A)),
    { do: "wait", ms: 1_500 },
    writeIn(1, { op: "truncate" }),
    commit(1),
  ],
  "a cursor is older than what was pruned": [
    write(...insert(A)),
    { do: "wait", ms: 1_500 },
    goOffline,
    write(remove(A)),
    ...passDay,
    ...passDay,
    goOnline,
  ],
  "what a client has yet to page through is pruned": [
    joinUnannounced,
    write(...insert(A, B, C, D, E, F, G)),
    { do: "wait", ms: 1_500 },
    goOffline,
    // Three pages: one is on its way to the client, the second waits for it, the third is not read.
    write(...update(B, C, D, E, F, G)),
    write(remove(A)),
    ...passDay,
    { do: "stall" },
    goOnline,
    ...passDay,
    { do: "read", messages: 10 },
  ],
  "a query waits for a lock while what it needs is pruned": [
    joinUnannounced,
    write(...insert(A)),
    { do: "wait", ms: 1_500 },
    goOffline,
    write(remove(A)),
    ...passDay,
    writeIn(1, { op: "truncate" }),
    goOnline,
    ...passDay,
    rollBack(1),
  ],
  "a file that is back comes on an earlier page than its tombstone": [
    write(...insert(A)),
    { do: "wait", ms: 1_500 },
    goOffline,
    writeIn(1, ...insert(B)),
    writeIn(2, ...insert(C, D, E, F)),
    write(remove(A)),
    writeIn(1, ...insert(A)),
    commit(1),
    commit(2),
    goOnline,
  ],
} satisfies Record<string, readonly PostgresStep[]>;

export type TellingName = keyof typeof TELLING_STEPS;

export const POSTGRES_TELLING_SCHEDULES = Object.fromEntries(
  Object.entries(TELLING_STEPS).map(([name, steps]) => [name, asSchedule(steps)]),
) as Readonly<Record<TellingName, Schedule<PostgresWrite>>>;

/** Each of two files takes the other's id in one statement: see {@linkcode withDeferrableKey}. */
export const EXCHANGE_OF_IDS = asSchedule([
  write({ op: "insert or fail", id: A }, { op: "insert or fail", id: B }),
  { do: "wait", ms: 1_500 },
  write({ op: "swap", id: A, with: B }),
]);

/** Adds to a migration what lets a statement give a row an id that it takes from another later. */
export function withDeferrableKey(migration: string): string {
  return `${migration}
    alter table public.files drop constraint files_pkey, add primary key (id) deferrable;`;
}

function asSchedule(steps: readonly PostgresStep[]): Schedule<PostgresWrite> {
  return { fileIds: null, maxFiles: 1000, steps };
}
