import type {
  ChangesPage,
  ChangesQuery,
} from "../../supabase/functions/file-events/database/changes_since.ts";
import type {
  FileChange,
  FileState,
} from "../../supabase/functions/file-events/database/file_change.ts";

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
  /** What `select` returns to a user. */
  select(userId: string): Map<string, FileState> | Promise<Map<string, FileState>>;
  passDay(): void;
  prune(): void;
  changesSince(userId: string, query: ChangesQuery): ChangesPage | Promise<ChangesPage>;
  /**
   * Lets work under way go on. False: there was none, or all of it waits for a transaction that the
   * schedule keeps open.
   */
  goOn(): boolean | Promise<boolean>;
}
