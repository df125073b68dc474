import postgres from "postgres";

/** One connection to PostgreSQL: one session, one transaction at a time. */
export interface Session extends AsyncDisposable {
  /** Backend process id, as in pg_stat_activity. */
  readonly pid: number;
  /** Bigints and xid8 arrive as text, jsonb parsed. Without parameters, several statements run. */
  query<Row = Record<string, unknown>>(sql: string, parameters?: unknown[]): Promise<Row[]>;
  close(): Promise<void>;
}

export interface ConnectOptions {
  /** Called with the text of each notice, e.g. the plans of auto_explain. */
  onNotice?: (message: string) => void;
}

/** @throws {Error} If the server refuses the connection. */
export async function connect(url: string, options: ConnectOptions = {}): Promise<Session> {
  const client = postgres(url, {
    max: 1,
    idle_timeout: 0,
    max_lifetime: null,
    fetch_types: false,
    onnotice: (notice) => options.onNotice?.(notice.message ?? ""),
  });
  const close = () => client.end({ timeout: 5 });
  try {
    const [backend] = await client.unsafe("select pg_backend_pid() as pid");
    return {
      pid: backend!.pid,
      query: async (sql, parameters) =>
        [...await client.unsafe(sql, parameters as never[])] as never,
      close,
      [Symbol.asyncDispose]: close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Resolves once `blocked` waits for a lock; `observer` is another session. */
export async function waitUntilBlocked(observer: Session, blocked: Session): Promise<void> {
  const sql = "select wait_event_type = 'Lock' as waits from pg_stat_activity where pid = $1";
  while (true) {
    const [activity] = await observer.query<{ waits: boolean | null }>(sql, [blocked.pid]);
    if (activity?.waits) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
