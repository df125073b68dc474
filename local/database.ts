import { getAuthSchemaSql, SUPABASE_AUTH_HELPERS_SQL } from "@supabase/lite";
import { createPgliteConnection, type PGlite, type PgliteConnection } from "@supabase/lite/pglite";
import { createExclusive } from "./exclusive.ts";

/** A fresh in-memory PostgreSQL (PGlite) that looks like a new Supabase project. */
export interface Database extends AsyncDisposable {
  /** For `@supabase/lite`'s App; use it only inside {@link Database.exclusive}. */
  readonly connection: PgliteConnection;
  /**
   * Holds the one session until `work` is done. Calling another method of this object inside `work`
   * waits for itself: use the session that `work` is given.
   */
  exclusive<Result>(work: (session: PGlite) => Promise<Result>): Promise<Result>;
  query<Row>(sql: string, parameters?: unknown[]): Promise<Row[]>;
  /** Runs statements without parameters, several at once. */
  execute(sql: string): Promise<void>;
  /** Calls `heard` for every NOTIFY on `channel`, after its transaction committed. */
  listen(channel: string, heard: (payload: string) => void): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

const platformSql = [
  new URL("./sql/platform.sql", import.meta.url),
  new URL("./realtime/sql/messages.sql", import.meta.url),
  new URL("./realtime/sql/change_capture.sql", import.meta.url),
  new URL("./realtime/sql/change_matching.sql", import.meta.url),
];

/** Starts the database and runs `scripts` on it in order, as its owner `postgres`. */
export async function createDatabase(scripts: Script[]): Promise<Database> {
  const connection = await createPgliteConnection({
    pgliteOptions: { parsers: { [TIMESTAMPTZ]: toIsoTime } },
  });
  const session = connection.driver;
  await keepExitCode(() => session.waitReady);
  // @supabase/lite would grant every table with row level security to every role at its first
  // request, and so undo what the migrations revoke.
  Object.assign(connection, { rlsState: "active" });

  const [platform, ...realtime] = await Promise.all(platformSql.map((url) => readScript(url)));
  await run(session, platform!);
  await run(session, { name: "auth schema", sql: getAuthSchemaSql() });
  await run(session, { name: "auth helpers", sql: SUPABASE_AUTH_HELPERS_SQL });
  for (const script of [...realtime, ...scripts]) await run(session, script);

  const takeTurn = createExclusive();
  const exclusive = <Result>(work: () => Promise<Result>) => takeTurn(() => keepExitCode(work));
  const close = () => exclusive(() => connection.close());
  return {
    connection,
    exclusive: (work) => exclusive(() => work(session)),
    query: (sql, parameters = []) =>
      exclusive(async () => (await session.query(sql, parameters)).rows as never),
    execute: (sql) => exclusive(async () => void await session.exec(sql)),
    listen: (channel, heard) =>
      exclusive(async () => {
        const unlisten = await session.listen(channel, heard);
        return () => exclusive(() => unlisten());
      }),
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** SQL with the name that its error shall carry. */
export interface Script {
  name: string;
  sql: string;
}

export async function readScript(url: URL): Promise<Script> {
  return { name: url.pathname.split("/").at(-1)!, sql: await Deno.readTextFile(url) };
}

async function run(session: PGlite, { name, sql }: Script): Promise<void> {
  try {
    await session.exec(sql);
  } catch (cause) {
    throw new Error(`Cannot run ${name}: ${(cause as Error).message}`, { cause });
  }
}

/** The object id of the type. */
const TIMESTAMPTZ = 1184;

/** PostgREST writes `2026-11-23T05:43:43.789415+00:00`, PostgreSQL `2026-11-23 05:43:43.789415+00`. */
function toIsoTime(text: string): string {
  return text.replace(" ", "T").replace(/[+-]\d\d$/, "$&:00");
}

/** PGlite leaves the exit code of its initdb, of each failed statement and of its end behind. */
async function keepExitCode<Result>(work: () => Promise<Result>): Promise<Result> {
  const { exitCode } = Deno;
  try {
    return await work();
  } finally {
    Deno.exitCode = exitCode;
  }
}
