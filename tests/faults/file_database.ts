import type {
  ChangesPage,
  ChangesQuery,
} from "../../supabase/functions/file-events/stream/changes_since.ts";
import type {
  FileChange,
  FileState,
} from "../../supabase/functions/file-events/stream/file_change.ts";

/** The users of the tests' databases. */
export const OWNER = "11111111-1111-4111-8111-111111111111";
export const OTHER = "22222222-2222-4222-8222-222222222222";

/** The assurance level of a token. {@linkcode mayRead} depends on it. */
export type Rights = "aal1" | "aal2";

/** The policy of the tests' databases: one file asks for the higher level. */
export function mayRead(rights: Rights, id: string): boolean {
  return rights === "aal2" || id !== SECRET_ID;
}

/** The file that only `aal2` may read. */
export const SECRET_ID = "00000000-0000-4000-8000-000000000007";

/** What a transaction does to a file. */
export type Write =
  | { readonly op: "insert" | "delete"; readonly id: string }
  | { readonly op: "update"; readonly id: string; readonly progress: number }
  /** Changes the owner. */
  | { readonly op: "give"; readonly id: string; readonly to: string };

/** A change as Realtime learns of it when its transaction commits. */
export interface CommittedChange {
  readonly userId: string;
  readonly change: FileChange;
}

export type OnCommit = (changes: readonly CommittedChange[]) => void;

/** The database that a schedule plays on. `W`: the writes that it understands. */
export interface FileDatabase<W> {
  /** Writes in the transaction called `name`, which begins with its first write. */
  write(owner: string, writes: readonly W[], name: number): void;
  /** Writes in a transaction of its own. */
  writeAtOnce(owner: string, writes: readonly W[]): void;
  commit(name: number): void;
  rollback(name: number): void;
  /** Commits every open transaction, and waits until that is done. */
  commitAll(): void | Promise<void>;
  /** What `select` returns to a user with these rights. */
  select(userId: string, rights: Rights): Map<string, FileState> | Promise<Map<string, FileState>>;
  /** The same where it needs no waiting: what is committed at this moment. */
  peek?(userId: string, rights: Rights): Map<string, FileState>;
  /** Transactions that have written and not ended; `Infinity` while one of them keeps readers out. */
  countRunning(): number | Promise<number>;
  /** How many of them a cursor can name. */
  readonly maxRunning: number;
  passDay(): void;
  prune(): void;
  changesSince(
    userId: string,
    rights: Rights,
    query: ChangesQuery,
  ): ChangesPage | Promise<ChangesPage>;
  /**
   * Lets work under way go on. False: there was none, or all of it waits for a transaction that the
   * schedule keeps open.
   */
  goOn(): boolean | Promise<boolean>;
}
