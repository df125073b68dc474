import type {
  ChangesPage,
  ChangesQuery,
} from "../../supabase/functions/file-events/database/changes_since.ts";
import type {
  FileChange,
  FileState,
} from "../../supabase/functions/file-events/database/file_change.ts";
import type { CommittedChange, FileDatabase, OnCommit, Write } from "./file_database.ts";

interface Row {
  readonly userId: string;
  readonly file: FileState;
  readonly changedIn: bigint;
}

interface Tombstone {
  readonly id: string;
  readonly userId: string;
  readonly revision: number;
  readonly changedIn: bigint;
  /** Days. */
  readonly deletedOn: number;
}

interface Transaction {
  xid: bigint | undefined;
  readonly rows: Map<string, Row | undefined>;
  readonly tombstones: Tombstone[];
  readonly changes: CommittedChange[];
}

export interface ModelDatabaseOptions {
  /** What a cursor is made of. Only `transaction` is right; `revision` shows that the tests bite. */
  readonly cursor?: "transaction" | "revision";
  /** What pruning goes by. Only `transaction` is right. */
  readonly pruning?: "transaction" | "time";
  readonly onCommit: OnCommit;
}

/** Small, so that a handful of files makes several pages. */
const PAGE_SIZE = 3;

/**
 * `supabase/migrations/…_file_events.sql` in memory: transactions that overlap, what each snapshot
 * sees of them, tombstones, cursors, pages and pruning. A write to a row that another transaction
 * has locked is left out; what waiting for it does is tested on a real server.
 */
export class ModelDatabase implements FileDatabase<Write> {
  readonly #options: ModelDatabaseOptions;
  readonly #rows = new Map<string, Row>();
  #tombstones: Tombstone[] = [];
  readonly #open = new Map<number, Transaction>();
  #nextXid = 100n;
  #nextRevision = 1;
  #today = 0;
  #prunedBelow = 0n;
  #recorded = { xmin: 0n, on: 0 };

  constructor(options: ModelDatabaseOptions) {
    this.#options = options;
  }

  write(owner: string, writes: readonly Write[], name: number): void {
    let transaction = this.#open.get(name);
    if (!transaction) {
      transaction = { xid: undefined, rows: new Map(), tombstones: [], changes: [] };
      this.#open.set(name, transaction);
    }
    for (const write of writes) this.#apply(transaction, owner, write);
  }

  writeAtOnce(owner: string, writes: readonly Write[]): void {
    this.write(owner, writes, 0);
    this.commit(0);
  }

  commit(name: number): void {
    const transaction = this.#open.get(name);
    if (!transaction) return;
    this.#open.delete(name);
    for (const [id, row] of transaction.rows) {
      if (row) this.#rows.set(id, row);
      else this.#rows.delete(id);
    }
    this.#tombstones.push(...transaction.tombstones);
    this.#options.onCommit(transaction.changes);
  }

  rollback(name: number): void {
    this.#open.delete(name);
  }

  commitAll(): void {
    for (const name of [...this.#open.keys()]) this.commit(name);
  }

  select(userId: string): Map<string, FileState> {
    return new Map(
      [...this.#rows].filter(([, row]) => row.userId === userId).map(([id, row]) => [id, row.file]),
    );
  }

  passDay(): void {
    this.#today++;
  }

  prune(): void {
    if (this.#options.pruning === "time") {
      this.#tombstones = this.#tombstones.filter(({ deletedOn }) => deletedOn >= this.#today);
      return;
    }
    if (this.#recorded.on < this.#today) {
      this.#prunedBelow = this.#recorded.xmin;
      this.#recorded = { xmin: this.#xmin, on: this.#today };
    }
    this.#tombstones = this.#tombstones.filter(({ changedIn }) => changedIn >= this.#prunedBelow);
  }

  goOn(): boolean {
    return false;
  }

  changesSince(userId: string, { since, fileIds, snapshot }: ChangesQuery): ChangesPage {
    const key = `${userId}/${fileIds?.join() ?? ""}/${snapshot}`;
    const cursor = this.#parse(since, key);
    const horizon = cursor?.horizon ?? this.#xmin;
    const revision = this.#nextRevision - 1;
    const upper = cursor?.upper ?? this.#nextXid;
    const wants = (id: string) => fileIds === null || fileIds.includes(id);
    if (!cursor && !snapshot) {
      const cursor = `${key}.${horizon}`;
      return { cursor, horizon, revision, reset: true, more: false, changes: [] };
    }

    const rows = [...this.#rows.values()]
      .filter((row) => row.userId === userId && wants(row.file.id))
      .map(({ file, changedIn }): FileChange => {
        return { id: file.id, revision: file.revision, changedIn, deleted: false, file };
      });
    const owned = new Set(rows.map(({ id }) => id));
    const tombstones = !cursor || cursor.isSnapshot ? [] : this.#tombstones
      .filter((it) => it.userId === userId && wants(it.id) && !owned.has(it.id))
      .map(({ id, revision, changedIn }): FileChange => {
        return { id, revision, changedIn, deleted: true };
      });

    const byRevision = this.#options.cursor === "revision";
    const position = (change: FileChange) => byRevision ? 0n : change.changedIn;
    const found = [...rows, ...tombstones]
      .filter((it) => byRevision || it.changedIn < upper)
      .filter((it) => {
        const after = cursor?.after ?? { changedIn: 0n, revision: -1 };
        return position(it) > after.changedIn ||
          position(it) === after.changedIn && it.revision > after.revision;
      })
      .sort((a, b) => Number(position(a) - position(b)) || a.revision - b.revision);
    const changes = found.slice(0, PAGE_SIZE);
    const last = changes.at(-1);
    const more = found.length > changes.length;

    if (byRevision) {
      const position = last?.revision ?? cursor?.after.revision ?? 0;
      const reset = !cursor;
      return { cursor: `${key}.${position}`, horizon: 0n, revision, reset, more, changes };
    }
    const kind = !cursor || cursor.isSnapshot ? "s" : "c";
    const rest = more && last ? `.${kind}.${upper}.${last.changedIn}.${last.revision}` : "";
    const next = `${key}.${horizon}${rest}`;
    return { cursor: next, horizon, revision, reset: !cursor, more, changes };
  }

  #parse(since: string | null, key: string) {
    if (!since?.startsWith(`${key}.`)) return;
    const part = since.slice(key.length + 1).split(".");
    if (this.#options.cursor === "revision") {
      const after = { changedIn: 0n, revision: Number(part[0]) };
      return { horizon: undefined, upper: undefined, after, isSnapshot: false };
    }
    const horizon = BigInt(part[0]!);
    if (part.length === 1) {
      if (horizon < this.#prunedBelow) return;
      const after = { changedIn: horizon, revision: -1 };
      return { horizon: undefined, upper: undefined, after, isSnapshot: false };
    }
    const after = { changedIn: BigInt(part[3]!), revision: Number(part[4]) };
    const isSnapshot = part[1] === "s";
    if (horizon < this.#prunedBelow || !isSnapshot && after.changedIn < this.#prunedBelow) return;
    return { horizon, upper: BigInt(part[2]!), after, isSnapshot };
  }

  /** The oldest transaction that runs: all below it is visible or has been rolled back. */
  get #xmin(): bigint {
    let xmin = this.#nextXid;
    for (const { xid } of this.#open.values()) if (xid !== undefined && xid < xmin) xmin = xid;
    return xmin;
  }

  #apply(transaction: Transaction, owner: string, write: Write): void {
    const { id } = write;
    for (const other of this.#open.values()) {
      if (other !== transaction && other.rows.has(id)) return;
    }
    const row = transaction.rows.has(id) ? transaction.rows.get(id) : this.#rows.get(id);
    if ((write.op === "insert") === (row !== undefined)) return;
    if (write.op === "give" && row?.userId === write.to) return;
    const changedIn = transaction.xid ??= this.#nextXid++;

    if (row && (write.op === "delete" || write.op === "give")) {
      const revision = this.#nextRevision++;
      const { userId } = row;
      transaction.tombstones.push({ id, userId, revision, changedIn, deletedOn: this.#today });
      transaction.changes.push({ userId, change: { id, revision, changedIn, deleted: true } });
    }
    if (write.op === "delete") {
      transaction.rows.set(id, undefined);
      return;
    }
    const userId = write.op === "give" ? write.to : row?.userId ?? owner;
    const progress = write.op === "update" ? write.progress : row?.file.progress ?? 0;
    const revision = this.#nextRevision++;
    const file: FileState = {
      id,
      filename: `${id.slice(-1)}.pdf`,
      file_type: "application/pdf",
      status: progress === 0 ? "pending" : progress === 100 ? "ready" : "processing",
      progress,
      processing_stage: progress === 0 || progress === 100 ? null : "compression",
      error_message: null,
      revision,
    };
    transaction.rows.set(id, { userId, file, changedIn });
    const change: FileChange = { id, revision, changedIn, deleted: false, file };
    transaction.changes.push({ userId, change });
  }
}
