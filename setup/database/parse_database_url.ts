/**
 * The environment variable that says the URL in place of `--database-url`: a command line can be read
 * by others, and `deno task` prints it.
 */
export const DATABASE_URL_VARIABLE = "FILE_EVENTS_DATABASE_URL";

/** The parameters of a URL that say how to connect, or with which settings. */
const PARAMETERS: readonly string[] = ["sslmode", "ssl", "sslrootcert", "options"];

/**
 * Reads the URL of a database. It loses the parameters that are for other clients, such as
 * `pgbouncer=true` for Prisma: the driver would pass them on, and the server refuses what it does
 * not know.
 *
 * @returns `undefined` if it is no such URL, or the driver could not decode it.
 */
export function parseDatabaseUrl(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^postgres(ql)?:$/.test(url.protocol) || url.hostname === "") return;
  if (![url.username, url.password, url.pathname].every(canDecode)) return;
  for (const name of [...url.searchParams.keys()]) {
    if (!PARAMETERS.includes(name)) url.searchParams.delete(name);
  }
  return url;
}

function canDecode(part: string): boolean {
  try {
    decodeURIComponent(part);
    return true;
  } catch {
    return false;
  }
}
