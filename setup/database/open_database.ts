import postgres from "postgres";
import { SetupError } from "../setup_error.ts";

/** Reads rows. It is closed by who opened it. */
export interface Database {
  query<Row>(sql: string, parameters?: readonly string[]): Promise<Row[]>;
  close(): Promise<void>;
}

const CONNECT_TIMEOUT_S = 10;
const STATEMENT_TIMEOUT_MS = 10_000;
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/;

/**
 * Connects to a database to read its catalogue. It writes nothing: its session is read-only.
 *
 * @throws {SetupError} `database-url` or `database-unreachable`. No message holds the password.
 */
export async function openDatabase(url: string): Promise<Database> {
  const { hostname, searchParams } = parseUrl(url);
  const sql = postgres(url, {
    max: 1,
    connect_timeout: CONNECT_TIMEOUT_S,
    // A pooler in transaction mode keeps no prepared statement.
    prepare: false,
    fetch_types: false,
    onnotice: () => {},
    ...(searchParams.has("sslmode") || LOOPBACK.test(hostname) ? {} : { ssl: "prefer" as const }),
  });
  const query = async <Row>(text: string, parameters: readonly string[] = []): Promise<Row[]> => {
    try {
      return await sql.begin("read only", async (transaction) => {
        await transaction.unsafe(`set local statement_timeout = ${STATEMENT_TIMEOUT_MS}`);
        return [...await transaction.unsafe(text, [...parameters])] as Row[];
      }) as Row[];
    } catch (error) {
      throw refusalOf(error, hostname);
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
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed && /^postgres(ql)?:$/.test(parsed.protocol) && parsed.hostname !== "") return parsed;
  throw new SetupError(
    "database-url",
    "--database-url must look like postgresql://user:password@host:5432/postgres, with special " +
      "characters of the password percent-encoded.",
  );
}

/** Says what to do, without the text of the error: it could name more than the user should print. */
function refusalOf(error: unknown, hostname: string): SetupError {
  const code = String((error as { code?: unknown }).code ?? "");
  const because = (sentence: string) => new SetupError("database-unreachable", sentence);
  if (["28P01", "28000"].includes(code)) {
    return because(`The database at ${hostname} refuses this user or password: check both.`);
  }
  if (code === "3D000") return because(`There is no such database at ${hostname}: check its name.`);
  if (code === "57014") {
    return because(`The database at ${hostname} took too long to answer: try again.`);
  }
  if (/^[0-9A-Z]{5}$/.test(code)) {
    return because(
      `The database at ${hostname} refuses to show its tables (${code}): connect as postgres.`,
    );
  }
  return because(
    `Cannot connect to the database at ${hostname}: check host and port, and whether this ` +
      "machine may reach it.",
  );
}
