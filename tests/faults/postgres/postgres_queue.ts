import type { Session } from "../../../local/postgres/postgres_session.ts";

/**
 * A session that is given work without waiting for it: each piece begins when the one before it has
 * ended, which a lock can delay.
 */
export class PostgresQueue {
  readonly #session: Session;
  readonly #onMove: () => void;
  #last: Promise<unknown> = Promise.resolve();
  #pending = 0;

  /** @param onMove Called whenever work is added or a statement ends. */
  constructor(session: Session, onMove: () => void) {
    this.#session = session;
    this.#onMove = onMove;
  }

  get pid(): number {
    return this.#session.pid;
  }

  /** Whether work has not ended: it goes on, or waits for a lock. */
  get isBusy(): boolean {
    return this.#pending > 0;
  }

  /** Work that fails doesn't keep the next from being done. */
  add<T>(work: (session: Pick<Session, "query">) => Promise<T>): Promise<T> {
    this.#pending++;
    this.#onMove();
    const query: Session["query"] = (sql, parameters) =>
      this.#session.query<never>(sql, parameters).finally(this.#onMove);
    const result = this.#last.then(() => work({ query })).finally(() => {
      this.#pending--;
      this.#onMove();
    });
    this.#last = result.catch(() => {});
    return result;
  }
}
