import * as fc from "fast-check";
import type {
  ChangesPage,
  ChangesQuery,
} from "../../../supabase/functions/file-events/stream/changes_since.ts";
import type {
  FileChange,
  FileState,
} from "../../../supabase/functions/file-events/stream/file_change.ts";
import {
  type Coverage,
  covers,
  COVERS_NOTHING,
  horizonOf,
} from "../../../supabase/functions/file-events/stream/coverage.ts";
import { deleted, updated } from "../../support/example_change.ts";
import {
  type CommittedChange,
  type FileDatabase,
  mayRead,
  type OnCommit,
  type Rights,
  type Write,
} from "../file_database.ts";
import { fileId, write } from "../step.ts";
import { op } from "../tagged.ts";

/** What a transaction of the model does to a file. A policy shows only files that are not hidden. */
export type ModelWrite = Write | { readonly op: "hide" | "show"; readonly id: string };

export const modelWrite: fc.Arbitrary<ModelWrite> = fc.oneof(
  { weight: 14, arbitrary: write },
  op(2, ["hide", "show"], { id: fileId }),
);

interface Row {
  readonly userId: string;
  readonly isHidden: boolean;
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
  /** What a cursor is made of. Only `transactions` is right; the others show that the tests bite. */
  readonly cursor?: CursorKind;
  /** What pruning goes by. Only `transaction` is right. */
  readonly pruning?: "transaction" | "time";
  readonly onCommit: OnCommit;
}

export type CursorKind =
  | "transactions"
  /** Covers all revisions that have been returned. */
  | "revision"
  /** Covers only what lies below the oldest transaction that runs. */
  | "horizon"
  /** Covers all that has ended, and what runs if there is too much of it to be named. */
  | "unlowered bound"
  /** Is good for tokens with other rights too. */
  | "any rights";

/** Small, so that a handful of files makes several pages. */
const PAGE_SIZE = 3;
/** Fewer than the transactions that a schedule keeps open. */
const MAX_RUNNING = 1;

/**
 * `supabase/migrations/…_file_events.sql` in memory: transactions that overlap, what each snapshot
 * sees of them, tombstones, cursors, pages and pruning. A write to a row that another transaction
 * has locked is left out; what waiting for it does is tested on a real server.
 */
export class ModelDatabase implements FileDatabase<ModelWrite> {
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

  write(owner: string, writes: readonly ModelWrite[], name: number): void {
    let transaction = this.#open.get(name);
    if (!transaction) {
      transaction = { xid: undefined, rows: new Map(), tombstones: [], changes: [] };
      this.#open.set(name, transaction);
    }
    for (const write of writes) this.#apply(transaction, owner, write);
  }

  writeAtOnce(owner: string, writes: readonly ModelWrite[]): void {
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

  select(userId: string, rights: Rights): Map<string, FileState> {
    return this.peek(userId, rights);
  }

  peek(userId: string, rights: Rights): Map<string, FileState> {
    return new Map(
      [...this.#rows]
        .filter(([, row]) => row.userId === userId && maySelect(rights, row))
        .map(([id, row]) => [id, row.file]),
    );
  }

  readonly maxRunning = MAX_RUNNING;

  countRunning(): number {
    return this.#running.length;
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

  changesSince(
    userId: string,
    rights: Rights,
    { since, fileIds, snapshot }: ChangesQuery,
  ): ChangesPage {
    const kind = this.#options.cursor ?? "transactions";
    const scope = kind === "any rights" ? userId : `${userId}/${rights}`;
    const key = `${scope}/${fileIds?.join() ?? ""}/${snapshot}`;
    const cursor = this.#parse(since, key);
    const reset = !cursor;
    const revision = this.#nextRevision - 1;
    const run = cursor?.run ?? { coverage: this.#coverage, upper: this.#nextXid };
    const { coverage, upper } = run;
    if (!cursor && !snapshot) {
      const cursor = `${key}|${format(coverage)}`;
      return { cursor, coverage, revision, reset, more: false, current: true, changes: [] };
    }

    const wants = (id: string) => fileIds === null || fileIds.includes(id);
    const owned = [...this.#rows.values()].filter((row) => {
      return row.userId === userId && wants(row.file.id);
    });
    const rows = owned.filter((row) => maySelect(rights, row))
      .map(({ file, changedIn }): FileChange => updated({ ...file, changedIn }));
    const ownedIds = new Set(owned.map(({ file }) => file.id));
    const isSnapshot = cursor?.isSnapshot ?? true;
    // A row that the caller may not select is returned as deleted, with its own revision.
    const hidden = isSnapshot ? [] : owned.filter((row) => !maySelect(rights, row))
      .map(({ file: { id, revision }, changedIn }) => deleted({ id, revision, changedIn }));
    const tombstones = isSnapshot ? [] : this.#tombstones
      .filter((it) => it.userId === userId && wants(it.id) && !ownedIds.has(it.id))
      .map(deleted);

    const byRevision = kind === "revision";
    const position = (change: FileChange) => byRevision ? 0n : change.changedIn;
    const after = cursor?.after ?? { changedIn: 0n, revision: -1 };
    const base = cursor?.base ?? COVERS_NOTHING;
    const found = [...rows, ...hidden, ...tombstones]
      .filter((it) => byRevision || it.changedIn < upper && !covers(base, it.changedIn))
      .filter((it) => {
        return position(it) > after.changedIn ||
          position(it) === after.changedIn && it.revision > after.revision;
      })
      .sort((a, b) => Number(position(a) - position(b)) || a.revision - b.revision);
    const changes = found.slice(0, PAGE_SIZE);
    const last = changes.at(-1);
    const more = found.length > changes.length;
    const hasChanged = ({ changedIn }: { changedIn: bigint }) =>
      changedIn >= upper || coverage.running.includes(changedIn);
    const gone = this.#tombstones.filter((it) => it.userId === userId && wants(it.id));
    const current = !more && !rows.some(hasChanged) && !gone.some(hasChanged);
    const page = { revision, reset, more, current, changes };

    if (byRevision) {
      const cursor = `${key}|${last?.revision ?? after.revision}`;
      return { ...page, cursor, coverage: COVERS_NOTHING };
    }
    const rest = more && last && [
      isSnapshot ? "s" : "c",
      upper,
      last.changedIn,
      last.revision,
      ...(last.changedIn >= base.bound ? [] : [format(base)]),
    ].join("|");
    return {
      ...page,
      cursor: [key, format(coverage), ...(rest ? [rest] : [])].join("|"),
      coverage,
    };
  }

  #parse(since: string | null, key: string) {
    if (!since?.startsWith(`${key}|`)) return;
    const part = since.slice(key.length + 1).split("|");
    if (this.#options.cursor === "revision") {
      const after = { changedIn: 0n, revision: Number(part[0]) };
      return { run: undefined, base: COVERS_NOTHING, after, isSnapshot: false };
    }
    const coverage = parseCoverage(part[0]!);
    if (horizonOf(coverage) < this.#prunedBelow) return;
    if (part.length === 1) {
      return { run: undefined, base: coverage, after: undefined, isSnapshot: false };
    }
    const after = { changedIn: BigInt(part[3]!), revision: Number(part[4]) };
    const isSnapshot = part[1] === "s";
    if (!isSnapshot && after.changedIn < this.#prunedBelow) return;
    const base = part[5] ? parseCoverage(part[5]) : COVERS_NOTHING;
    return { run: { coverage, upper: BigInt(part[2]!) }, base, after, isSnapshot };
  }

  /** The transactions that have an id and have not ended, the oldest first. */
  get #running(): bigint[] {
    return [...this.#open.values()].flatMap(({ xid }) => xid ?? [])
      .sort((a, b) => Number(a - b));
  }

  /** All below it is visible or has been rolled back. */
  get #xmin(): bigint {
    return this.#running[0] ?? this.#nextXid;
  }

  get #coverage(): Coverage {
    const running = this.#running;
    switch (this.#options.cursor) {
      case "horizon":
        return { bound: this.#xmin, running: [] };
      case "unlowered bound":
        return { bound: this.#nextXid, running: running.slice(0, MAX_RUNNING) };
      default:
        return {
          bound: running[MAX_RUNNING] ?? this.#nextXid,
          running: running.slice(0, MAX_RUNNING),
        };
    }
  }

  #apply(transaction: Transaction, owner: string, write: ModelWrite): void {
    const { id } = write;
    for (const other of this.#open.values()) {
      if (other !== transaction && other.rows.has(id)) return;
    }
    const row = transaction.rows.has(id) ? transaction.rows.get(id) : this.#rows.get(id);
    if ((write.op === "insert") === (row !== undefined)) return;
    if (write.op === "give" && row?.userId === write.to) return;
    if (row && write.op === (row.isHidden ? "hide" : "show")) return;
    const changedIn = transaction.xid ??= this.#nextXid++;

    if (row && (write.op === "delete" || write.op === "give")) {
      const revision = this.#nextRevision++;
      const { userId } = row;
      transaction.tombstones.push({ id, userId, revision, changedIn, deletedOn: this.#today });
      transaction.changes.push({ userId, change: deleted({ id, revision, changedIn }) });
    }
    if (write.op === "delete") {
      transaction.rows.set(id, undefined);
      return;
    }
    const userId = write.op === "give" ? write.to : row?.userId ?? owner;
    const progress = write.op === "update" ? write.progress : row?.file.progress ?? 0;
    const revision = this.#nextRevision++;
    const status = progress === 0 ? "pending" : progress === 100 ? "ready" : "processing";
    const processing_stage = status === "processing" ? "compression" : null;
    const change = updated({ id, revision, changedIn, status, progress, processing_stage });
    const isHidden = write.op === "hide" || write.op !== "show" && row?.isHidden === true;
    transaction.rows.set(id, { userId, isHidden, file: change.file, changedIn });
    transaction.changes.push({ userId, change });
  }
}

/** The policies of the model. */
function maySelect(rights: Rights, { file, isHidden }: Row): boolean {
  return !isHidden && mayRead(rights, file.id);
}

function format({ bound, running }: Coverage): string {
  return [bound, ...running].join("-");
}

function parseCoverage(text: string): Coverage {
  const [bound, ...running] = text.split("-").map(BigInt);
  return { bound: bound!, running };
}
