import { SetupError } from "../setup_error.ts";

/** A migration in the project. */
export interface MigrationFile {
  /** Its digits, by which the CLI knows it. */
  readonly version: string;
  /** What follows the digits, without `.sql`. */
  readonly name: string;
  readonly text: string;
}

/** Reads `20261123000000_files.sql`; nothing if the CLI would not take it for a migration. */
export function parseMigrationPath(path: string): Omit<MigrationFile, "text"> | undefined {
  const [, version, name] = /^(\d+)_(.*)\.sql$/.exec(path) ?? [];
  if (version === undefined || name === undefined) return;
  return { version, name };
}

export function migrationPath({ version, name }: Omit<MigrationFile, "text">): string {
  return `${version}_${name}.sql`;
}

const SECOND_MS = 1000;

/**
 * Versions for `count` new migrations: 14 digits each, ascending, after all that there are, and the
 * present time unless one of those lies in the future.
 *
 * @throws {SetupError} `migrations-full` if nothing comes after the last one.
 */
export function nextVersions(
  existing: readonly Pick<MigrationFile, "version">[],
  count: number,
  now: Date,
): string[] {
  let last = existing.map(({ version }) => version).sort().at(-1) ?? "";
  const versions = [];
  for (let index = 0; index < count; index++) {
    const time = format(new Date(now.getTime() + index * SECOND_MS));
    last = time > last ? time : successor(last);
    versions.push(last);
  }
  return versions;
}

/** The version after this one, a second later if it is a time. */
function successor(version: string): string {
  const time = parse(version);
  if (time !== undefined) return format(new Date(time.getTime() + SECOND_MS));
  const next = String(BigInt(version.slice(0, 14).padEnd(14, "0")) + 1n).padStart(14, "0");
  if (next.length === 14) return next;
  throw new SetupError(
    "migrations-full",
    `No migration can come after ${version}_….sql: give that file a smaller number.`,
  );
}

function format(time: Date): string {
  return time.toISOString().replace(/\D/g, "").slice(0, 14);
}

function parse(version: string): Date | undefined {
  const time = new Date(
    version.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/, "$1-$2-$3T$4:$5:$6Z"),
  );
  return !Number.isNaN(time.getTime()) && format(time) === version ? time : undefined;
}
