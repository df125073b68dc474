import { connectPostgres } from "../database/connect_postgres.ts";
import { withDeadline } from "../database/with_deadline.ts";

/** The project's database, as its owner. */
export interface Database {
  query<Row extends object>(sql: string, parameters?: unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

/** Connects. Rejects if that fails. */
export type ConnectDatabase = (url: string, options: { timeoutMs: number }) => Promise<Database>;

export const connectDatabase: ConnectDatabase = async (url, { timeoutMs }) => {
  const sql = connectPostgres(new URL(url), timeoutMs);
  const database: Database = {
    query: (text, parameters = []) =>
      withDeadline(
        (async () => [...await sql.unsafe(text, parameters as never[])] as never)(),
        timeoutMs,
      ),
    close: () => sql.end({ timeout: 1 }),
  };
  try {
    await database.query("select 1");
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
};
