import type { Database } from "../../local/database.ts";

/** Rows that one statement changes: what a trigger sends one message each for. */
const MAX_ROWS = 50;
const FILES_PER_USER = 5;

interface Row {
  id: string;
  user_id: string;
  revision: number;
}

/**
 * Writes at random to the files of all users, and remembers whose each revision is. A file's name
 * begins with its owner's id, which is a second witness.
 */
export class FileWriter {
  /** Whose change each committed revision is. Deletions are added by {@linkcode addDeletions}. */
  readonly owners = new Map<number, string>();
  readonly #files = new Map<string, string>();
  readonly #database: Database;
  readonly #users: readonly string[];
  readonly #random: () => number;

  constructor(database: Database, users: readonly string[], random: () => number) {
    this.#database = database;
    this.#users = users;
    this.#random = random;
  }

  /** One statement, or a transaction that comes to nothing. */
  async write(): Promise<void> {
    if (this.#files.size < this.#users.length * FILES_PER_USER) return this.#insert(MAX_ROWS);
    const dice = this.#random();
    if (dice < 0.7) await this.update(MAX_ROWS);
    else if (dice < 0.85) await this.update(1);
    else if (dice < 0.9) await this.#insert(1 + this.#index(20));
    else if (dice < 0.94) await this.#delete(1 + this.#index(20));
    else if (dice < 0.98) await this.#give(1 + this.#index(20));
    else await this.#rollBack();
  }

  /** @returns The rows' owners and new revisions. */
  update(count: number): Promise<Row[]> {
    return this.#query(
      `update files set progress = (progress + 1)::int % 101 where id = any ($1::uuid[])
       returning id, user_id, revision`,
      [this.#pick(count)],
    );
  }

  /** Learns whose the tombstones are, so that `owners` is complete. */
  async addDeletions(): Promise<void> {
    const rows = await this.#database.query<Row>("select revision, user_id from file_deletions");
    for (const { revision, user_id } of rows) this.owners.set(revision, user_id);
  }

  async #insert(count: number): Promise<void> {
    const owners = Array.from({ length: count }, () => this.#user());
    await this.#query(
      `insert into files (user_id, filename, file_type)
       select owner, owner || ' ' || gen_random_uuid(), 'text/plain' from unnest($1::uuid[]) owner
       returning id, user_id, revision`,
      [owners],
    );
  }

  async #delete(count: number): Promise<void> {
    const ids = this.#pick(count);
    await this.#database.query("delete from files where id = any ($1::uuid[])", [ids]);
    for (const id of ids) this.#files.delete(id);
  }

  async #give(count: number): Promise<void> {
    const owner = this.#user();
    await this.#query(
      `update files set user_id = $2::uuid, filename = $2::uuid || ' ' || gen_random_uuid()
       where id = any ($1::uuid[]) returning id, user_id, revision`,
      [this.#pick(count), owner],
    );
  }

  async #rollBack(): Promise<void> {
    const ids = this.#pick(5).map((id) => `'${id}'`);
    await this.#database.execute(
      `begin; update files set progress = 0, status = 'failed' where id in (${ids}); rollback`,
    );
  }

  async #query(sql: string, parameters: unknown[]): Promise<Row[]> {
    const rows = await this.#database.query<Row>(sql, parameters);
    for (const { id, user_id, revision } of rows) {
      this.owners.set(revision, user_id);
      this.#files.set(id, user_id);
    }
    return rows;
  }

  #user(): string {
    return this.#users[this.#index(this.#users.length)]!;
  }

  #pick(count: number): string[] {
    const ids = [...this.#files.keys()];
    return [...new Set(Array.from({ length: count }, () => ids[this.#index(ids.length)]!))];
  }

  #index(below: number): number {
    return Math.floor(this.#random() * below);
  }
}
