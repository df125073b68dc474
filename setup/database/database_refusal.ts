import { SetupError } from "../setup_error.ts";

const SENTENCES: Readonly<Record<string, (hostname: string) => string>> = {
  "28P01": (host) => `The database at ${host} refuses this user or password: check both.`,
  "28000": (host) => `The database at ${host} refuses this user or password: check both.`,
  "3D000": (host) => `There is no such database at ${host}: check its name.`,
  "57014": (host) => `The database at ${host} took too long to answer: try again.`,
};

/** Says what to do, without the text of the error: it could name more than should be printed. */
export function databaseRefusal(error: unknown, hostname: string): SetupError {
  const code = String((error as { code?: unknown }).code ?? "");
  const isFromPostgres = /^[0-9A-Z]{5}$/.test(code);
  const sentence = SENTENCES[code]?.(hostname) ??
    (isFromPostgres
      ? `The database at ${hostname} refuses to show its tables (${code}): connect as postgres.`
      : `Cannot connect to the database at ${hostname}: check host and port, and take the URL of the ` +
        "session pooler if this network has no IPv6.");
  return new SetupError("database-unreachable", sentence);
}
