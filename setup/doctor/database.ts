import postgres from "postgres";

/** The project's database, as its owner. */
export interface Database {
  query<Row extends object>(sql: string, parameters?: unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

/** Connects. Rejects if that fails. */
export type ConnectDatabase = (url: string, options: { timeoutMs: number }) => Promise<Database>;

/** It works with a pooler too, because no statement is prepared. */
export const connectDatabase: ConnectDatabase = async (url, { timeoutMs }) => {
  const sql = postgres(url, {
    max: 1,
    prepare: false,
    connect_timeout: Math.ceil(timeoutMs / 1000),
    fetch_types: false,
    onnotice: () => {},
    ...(isLocal(url) ? {} : { ssl: "prefer" as const }),
    connection: { application_name: "file-events doctor" },
  });
  const database: Database = {
    query: (text, parameters = []) =>
      within(timeoutMs, async () => [...await sql.unsafe(text, parameters as never[])] as never),
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

/** Whether the server is on this machine, or the URL itself says how to connect. */
function isLocal(url: string): boolean {
  const { hostname, searchParams } = new URL(url);
  return /^(localhost|127[.]|\[::1\])/.test(hostname) || searchParams.has("sslmode");
}

async function within<T>(milliseconds: number, work: () => Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`the database did not answer within ${milliseconds / 1000} s`)),
      milliseconds,
    );
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}
