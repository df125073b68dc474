import type {
  ChangesPage,
  ChangesQuery,
} from "../../../supabase/functions/file-events/stream/changes_since.ts";
import type { QueryChanges } from "../../../supabase/functions/file-events/postgrest/query_changes.ts";
import { type FileState } from "../../../supabase/functions/file-events/stream/file_change.ts";
import { parseFileUpdate } from "../../../supabase/functions/file-events/rows/parse_file_change.ts";
import type { PostgresServer } from "../../../local/postgres/postgres_server.ts";
import type { Session } from "../../../local/postgres/postgres_session.ts";
import { createSupabaseDatabase } from "../../../local/postgres/supabase_database.ts";
import { quoteIdentifier, quoteLiteral } from "../../../setup/sql/quote.ts";
import { renderScript } from "../../../setup/sql/render.ts";
import { rowJson } from "../../../setup/sql/row_json.ts";
import {
  type FileDatabase,
  type OnCommit,
  OTHER,
  OWNER,
  type Rights,
  SECRET_ID,
} from "../file_database.ts";
import { type CommitLog, commitLogSql, openCommitLog } from "./postgres_commit_log.ts";
import { allWait } from "./postgres_lock_waits.ts";
import { PostgresQueue } from "./postgres_queue.ts";
import { changesSinceOver, queryAs, withModelId } from "./postgres_rest.ts";
import { PostgresTransaction } from "./postgres_transaction.ts";
import type { PostgresWrite } from "./postgres_write.ts";
import { replaceOnce } from "../replace_once.ts";
import { columnsOf, DEFAULT_SHAPE, idLiteral, tableOf, type TableShape } from "./table_shape.ts";

/** What the schedules call the transactions that stay open. */
const NAMES = [1, 2, 3];
/** Sessions of transactions that end at once, unless a lock keeps them waiting. */
const SHORT_SESSIONS = 3;
/** Far longer than any statement takes that waits for no lock. */
const STUCK_MS = 60_000;

const prepareSql = (shape: TableShape) => `
  insert into auth.users (id) values ('${OWNER}'), ('${OTHER}');
  create policy "One file asks for more" on ${tableOf(shape)} as restrictive for select
    to authenticated using (${columnsOf(shape).id} <> ${idLiteral(shape, SECRET_ID)}
      or (select auth.jwt() ->> 'aal') = 'aal2');
  do $$ begin
    -- A deadlock is soon noticed.
    execute format('alter database %I set deadlock_timeout = %L', current_database(), '5ms');
  end $$;
`;

const emptySql = (shape: TableShape) => `
  truncate ${tableOf(shape)}, public.file_deletions;
  select file_events.renew_epoch();
  update file_events.state set next_prune_at = clock_timestamp();
`;

const PASS_DAY_SQL = `
  update file_events.state set
    recorded_at = recorded_at - interval '1 day', next_prune_at = clock_timestamp()
`;

/** Fewer than the transactions that a schedule keeps open. */
const MAX_RUNNING = 2;

/** A handful of files makes several pages, a handful of transactions more than a cursor can name. */
function withSmallLimits(migration: string): string {
  const limits = [["max_rows", 500, 3], ["max_running", 16, MAX_RUNNING]] as const;
  return limits.reduce((text, [name, from, to]) => {
    return replaceOnce(
      text,
      `${name} constant integer := ${from};`,
      `${name} constant integer := ${to};`,
    );
  }, migration);
}

export interface PostgresDatabaseOptions {
  /** The table; the default one if it is left out. */
  readonly shape?: TableShape;
  /** Takes and returns the text of the migration that adds change tracking. */
  readonly mutate?: (migration: string) => string;
}

/**
 * The migrations on a real server, and sessions whose transactions wait for each other.
 *
 * Whenever {@linkcode goOn} returns false it stands still: each session is idle, or waits for a
 * transaction that only a further step ends. That makes schedules repeatable.
 */
export class PostgresDatabase implements FileDatabase<PostgresWrite>, AsyncDisposable {
  /** What transactions met, by name. */
  readonly counts: Record<string, number> = {};
  readonly shape: TableShape;
  readonly #resources: AsyncDisposable;
  readonly #log: CommitLog;
  /** Never waits for a lock that a schedule holds. */
  readonly #observer: Session;
  readonly #named: Map<number, PostgresTransaction>;
  readonly #short: readonly PostgresTransaction[];
  readonly #maintenance: PostgresQueue;
  readonly #reader: PostgresQueue;
  readonly #queues: readonly PostgresQueue[];
  readonly #changesSince: QueryChanges;

  #onCommit: OnCommit = () => {};
  #hasCommitted = false;
  #failures: unknown[] = [];
  /** Counts what can end a standstill, and what it was at the last one. */
  #moves = 0;
  #movesAtStandstill = 0;
  #movedAt = 0;

  private constructor(
    shape: TableShape,
    resources: AsyncDisposable,
    log: CommitLog,
    sessions: Session[],
  ) {
    this.shape = shape;
    this.#resources = resources;
    this.#log = log;
    const [observer, maintenance, reader, ...writers] = sessions as [Session, Session, Session];
    const onMove = () => {
      this.#moves++;
      this.#movedAt = performance.now();
    };
    const queue = (session: Session) => new PostgresQueue(session, onMove);
    const transaction = (session: Session) =>
      new PostgresTransaction(queue(session), shape, {
        onCommit: () => this.#hasCommitted = true,
        onAbort: (reason) => this.#count(reason),
      });
    this.#observer = observer;
    this.#maintenance = queue(maintenance);
    this.#reader = queue(reader);
    const transactions = writers.map(transaction);
    this.#named = new Map(NAMES.map((name, i) => [name, transactions[i]!]));
    this.#short = transactions.slice(NAMES.length);
    this.#queues = [this.#maintenance, this.#reader, ...transactions.map((it) => it.queue)];
    this.#changesSince = changesSinceOver(this.#reader, shape);
  }

  static async create(
    server: PostgresServer,
    { shape = DEFAULT_SHAPE, mutate = (it) => it }: PostgresDatabaseOptions = {},
  ): Promise<PostgresDatabase> {
    await using stack = new AsyncDisposableStack();
    const database = stack.use(await createSupabaseDatabase(server, []));
    const connect = async () => stack.use(await database.connect());
    const owner = await connect();
    const { mapping } = shape;
    await owner.query(shape.createSql);
    await owner.query(mutate(withSmallLimits(await renderScript("file_events", mapping))));
    await owner.query(await renderScript("file_events_broadcast", mapping));
    await owner.query(commitLogSql(shape) + prepareSql(shape));
    const log = stack.use(await openCommitLog(database.url, shape));
    const sessions = [owner, await connect(), await connect()];
    for (let i = 0; i < NAMES.length + SHORT_SESSIONS; i++) {
      const writer = await connect();
      await writer.query("set role service_role");
      sessions.push(writer);
    }
    return new PostgresDatabase(shape, stack.move(), log, sessions);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#failures = [];
    await this.#endAll((it) => it.rollback());
    await this.#resources[Symbol.asyncDispose]();
  }

  /** As new, whatever an earlier schedule has left behind. */
  async empty(): Promise<void> {
    this.#onCommit = () => {};
    this.#failures = [];
    await this.#endAll((it) => it.rollback());
    await this.#observer.query(emptySql(this.shape));
    await this.#log.take();
  }

  /** Tells from now on of what is committed. */
  playOn(onCommit: OnCommit): this {
    this.#onCommit = onCommit;
    return this;
  }

  write(owner: string, writes: readonly PostgresWrite[], name: number): void {
    this.#start(this.#transaction(name).write(owner, writes));
  }

  writeAtOnce(owner: string, writes: readonly PostgresWrite[]): void {
    const transaction = this.#short.find((it) => !it.queue.isBusy) ?? this.#short[0]!;
    this.#start(transaction.write(owner, writes));
    this.#start(transaction.commit());
  }

  commit(name: number): void {
    this.#start(this.#transaction(name).commit());
  }

  rollback(name: number): void {
    this.#start(this.#transaction(name).rollback());
  }

  async commitAll(): Promise<void> {
    await this.#endAll((it) => it.commit());
  }

  passDay(): void {
    this.#start(this.#maintenance.add(({ query }) => query(PASS_DAY_SQL)));
  }

  prune(): void {
    this.#start(this.#maintenance.add(async ({ query }) => {
      await query("update file_events.state set next_prune_at = clock_timestamp()");
      const [row] = await query<{ pruned: number }>("select file_events.prune() as pruned");
      if (row!.pruned > 0) this.#count("pruned");
    }));
  }

  async select(userId: string, rights: Rights): Promise<Map<string, FileState>> {
    const { ids, mapping } = this.shape;
    const sql = `select ${rowJson(mapping)} as row from ${tableOf(this.shape)} f`;
    const rows = await queryAs<{ row: unknown }>(this.#reader, { userId, rights }, sql);
    return new Map(rows.map(({ row }) => {
      const parsed = parseFileUpdate(row);
      const change = parsed && withModelId(parsed, ids);
      if (!change || change.deleted) throw new Error(`Cannot read a file: ${JSON.stringify(row)}`);
      return [change.id, change.file];
    }));
  }

  readonly maxRunning = MAX_RUNNING;

  async countRunning(): Promise<number> {
    const [row] = await this.#observer.query<{ count: number; locked: boolean }>(`
      select count(*)::int as count, exists (
        select from pg_locks
        where relation = ${
      quoteLiteral(tableOf(this.shape))
    }::regclass and mode = 'AccessExclusiveLock'
      ) as locked
      from pg_snapshot_xip(pg_current_snapshot())
    `);
    // The server's own transactions come and go.
    return row!.locked ? Infinity : row!.count + 1;
  }

  /** A living row outranks every tombstone that its owner has of its id. */
  async assertRowsOutrankTombstones(): Promise<void> {
    const { id, owner } = columnsOf(this.shape);
    const revision = quoteIdentifier(this.shape.mapping.revision);
    const outranked = await this.#observer.query(`
      select d.id, f.${revision} as revision, d.revision as tombstone
      from ${tableOf(this.shape)} f
      join public.file_deletions d on d.id = f.${id} and d.user_id = f.${owner}
      where d.revision > f.${revision}
    `);
    if (outranked.length > 0) {
      throw new Error(`Tombstones outrank living rows: ${JSON.stringify(outranked)}`);
    }
  }

  changesSince(userId: string, rights: Rights, query: ChangesQuery): Promise<ChangesPage> {
    const caller = { userId, token: "", rights, expiresAt: Infinity };
    const page = this.#changesSince(caller, query);
    // The stream would ask again, and hide it.
    this.#start(page);
    return page;
  }

  async goOn(): Promise<boolean> {
    if (this.#failures.length > 0) throw this.#failures[0];
    const moves = this.#moves;
    if (moves === this.#movesAtStandstill) return false;
    const busy = this.#queues.filter((it) => it.isBusy);
    if (busy.length > 0) {
      const stands = await allWait(this.#observer, busy.map((it) => it.pid));
      if (!stands || moves !== this.#moves) {
        if (performance.now() - this.#movedAt > STUCK_MS) throw new Error("PostgreSQL is stuck");
        return true;
      }
    }
    if (this.#hasCommitted) {
      this.#hasCommitted = false;
      this.#onCommit(await this.#log.take());
      return true;
    }
    if (busy.length > 0) this.#count("waits for a lock");
    this.#movesAtStandstill = moves;
    return false;
  }

  async #endAll(end: (transaction: PostgresTransaction) => Promise<void>): Promise<void> {
    for (const transaction of [...this.#named.values(), ...this.#short]) {
      this.#start(end(transaction));
    }
    while (await this.goOn());
  }

  #transaction(name: number): PostgresTransaction {
    const transaction = this.#named.get(name);
    if (!transaction) throw new RangeError(`No transaction is called ${name}`);
    return transaction;
  }

  /** What it waits for is up to later steps. */
  #start(work: Promise<unknown>): void {
    work.catch((error) => this.#failures.push(error));
  }

  #count(name: string): void {
    this.counts[name] = (this.counts[name] ?? 0) + 1;
  }
}
