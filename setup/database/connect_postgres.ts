import postgres from "postgres";

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/;

/**
 * Makes a client with one connection, which it opens with the first query. The connection is
 * encrypted if the server offers it, unless the server is on this machine or the URL says otherwise.
 *
 * @param url As `parseDatabaseUrl` returns it.
 */
export function connectPostgres({ href, hostname, searchParams }: URL, timeoutMs: number) {
  return postgres(href, {
    max: 1,
    connect_timeout: Math.ceil(timeoutMs / 1000),
    // A pooler in transaction mode keeps no prepared statement.
    prepare: false,
    fetch_types: false,
    onnotice: () => {},
    ...(searchParams.has("sslmode") || LOOPBACK.test(hostname) ? {} : { ssl: "prefer" as const }),
    connection: { application_name: "file-events" },
  });
}
