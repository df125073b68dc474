import { SetupError } from "../setup_error.ts";
import { connectPostgres } from "./connect_postgres.ts";
import { databaseRefusal } from "./database_refusal.ts";
import { parseDatabaseUrl } from "./parse_database_url.ts";
import { withDeadline } from "./with_deadline.ts";

/** Reads rows. It is closed by who opened it. */
export interface Database {
  query<Row>(sql: string, parameters?: readonly string[]): Promise<Row[]>;
  close(): Promise<void>;
}

/** For connecting, and for each query, in milliseconds. */
const TIMEOUT_MS = 15_000;

/**
 * Connects to a database to read its catalogue. It writes nothing: its transactions are read-only.
 *
 * @throws {SetupError} `database-url` or `database-unreachable`. No message holds the password.
 */
export async function openDatabase(url: string, timeoutMs = TIMEOUT_MS): Promise<Database> {
  const parsed = parseUrl(url);
  const sql = connectPostgres(parsed, timeoutMs);
  const read = (text: string, parameters: readonly string[]) =>
    sql.begin("read only", async (transaction) => {
      await transaction.unsafe(`set local statement_timeout = ${timeoutMs}`);
      return [...await transaction.unsafe(text, [...parameters])];
    });
  const query = async <Row>(text: string, parameters: readonly string[] = []): Promise<Row[]> => {
    try {
      return await withDeadline(read(text, parameters), timeoutMs) as Row[];
    } catch (error) {
      throw databaseRefusal(error, parsed.hostname);
    }
  };
  try {
    await query("select 1");
  } catch (error) {
    await sql.end({ timeout: 0 });
    throw error;
  }
  return { query, close: () => sql.end({ timeout: 1 }) };
}

function parseUrl(url: string): URL {
  const parsed = parseDatabaseUrl(url);
  if (parsed) return parsed;
  throw new SetupError(
    "database-url",
    "The database's URL must look like postgresql://user:password@host:5432/postgres, with " +
      "special characters of the password percent-encoded.",
  );
}
