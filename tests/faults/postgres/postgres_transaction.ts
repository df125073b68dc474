import type { Session } from "../../../local/postgres/postgres_session.ts";
import type { PostgresQueue } from "./postgres_queue.ts";
import { type PostgresWrite, toSql } from "./postgres_write.ts";
import type { TableShape } from "./table_shape.ts";

/** Errors by which the server may end a transaction that did nothing wrong, by their SQLSTATE. */
const LEGAL_ERRORS: Record<string, string> = {
  "23505": "unique violation",
  "40001": "serialization failure",
  "40P01": "deadlock",
};

export interface PostgresTransactionEvents {
  onCommit(): void;
  /** The server has rolled a transaction back. */
  onAbort(reason: string): void;
}

/** Transactions of one session, one after the other. Nothing is waited for. */
export class PostgresTransaction {
  readonly queue: PostgresQueue;
  readonly #shape: TableShape;
  readonly #events: PostgresTransactionEvents;
  #isOpen = false;

  constructor(queue: PostgresQueue, shape: TableShape, events: PostgresTransactionEvents) {
    this.queue = queue;
    this.#shape = shape;
    this.#events = events;
  }

  /** Begins a transaction if none is open. What follows an error is left out. */
  write(owner: string, writes: readonly PostgresWrite[]): Promise<void> {
    return this.queue.add(async (session) => {
      const isolation = writes.find((it) => it.op === "isolate")?.level ?? "read committed";
      if (!this.#isOpen) await session.query(`begin isolation level ${isolation}`);
      this.#isOpen = true;
      for (const write of writes) {
        if (write.op === "isolate") continue;
        if (!await this.#try(session, toSql(this.#shape, owner, write))) return;
      }
    });
  }

  commit(): Promise<void> {
    return this.queue.add(async (session) => {
      if (!this.#isOpen || !await this.#try(session, "commit")) return;
      this.#isOpen = false;
      this.#events.onCommit();
    });
  }

  rollback(): Promise<void> {
    return this.queue.add((session) => this.#rollback(session));
  }

  async #rollback(session: Pick<Session, "query">): Promise<void> {
    if (this.#isOpen) await session.query("rollback");
    this.#isOpen = false;
  }

  async #try(session: Pick<Session, "query">, sql: string): Promise<boolean> {
    try {
      await session.query(sql);
      return true;
    } catch (error) {
      const reason = LEGAL_ERRORS[(error as { code?: string }).code ?? ""];
      if (!reason) throw error;
      this.#events.onAbort(reason);
      await this.#rollback(session);
      return false;
    }
  }
}
