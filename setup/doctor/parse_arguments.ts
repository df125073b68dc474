import { parseArgs } from "node:util";
import {
  DATABASE_URL_VARIABLE,
  parseDatabaseUrl as readDatabaseUrl,
} from "../database/parse_database_url.ts";
import type { Io } from "../io.ts";
import { parseMapping } from "../mapping/parse_mapping.ts";
import { DEFAULT_MAPPING, type TableMapping } from "../mapping/table_mapping.ts";
import { parseTableName } from "../options/table_name.ts";
import { SetupError } from "../setup_error.ts";
import type { Row } from "./canary_row.ts";
import { UsageError } from "./usage_error.ts";

/** What the command line says. */
export interface DoctorArguments {
  readonly url: string;
  readonly key: string;
  readonly email: string | undefined;
  readonly password: string | undefined;
  readonly token: string | undefined;
  readonly origins: readonly string[];
  readonly databaseUrl: string | undefined;
  /** The folder of the project whose migrations say the mapping. */
  readonly project: string | undefined;
  /** The mapping that flags describe; `undefined` without such flags. */
  readonly mapping: TableMapping | undefined;
  readonly canary: Row;
  readonly isJson: boolean;
  /** For an event, in milliseconds; `undefined`: the default. */
  readonly timeoutMs: number | undefined;
}

const OPTIONS = {
  "url": { type: "string" },
  "key": { type: "string" },
  "email": { type: "string" },
  "password": { type: "string" },
  "token": { type: "string" },
  "origin": { type: "string", multiple: true },
  "database-url": { type: "string" },
  "project": { type: "string" },
  "table": { type: "string" },
  "id": { type: "string" },
  "id-type": { type: "string" },
  "owner": { type: "string" },
  "revision": { type: "string" },
  "changed-in": { type: "string" },
  "filename": { type: "string" },
  "file-type": { type: "string" },
  "canary": { type: "string" },
  "json": { type: "boolean" },
  "timeout": { type: "string" },
} as const;

/** Of `--timeout`, in seconds. */
const MAX_TIMEOUT_S = 600;

/**
 * Reads the command line, and the database's URL from the environment if no flag says it.
 *
 * @throws {UsageError} One sentence, without any value that was given.
 */
export function parseArguments(args: readonly string[], env: Io["env"] = {}): DoctorArguments {
  const values = parse(args);
  const { email, token } = values;
  if (email !== undefined && token !== undefined) {
    throw new UsageError("Give either --email, and a password, or --token.");
  }
  return {
    url: parseUrl(values.url),
    key: parseKey(values.key),
    email,
    password: values.password,
    token,
    origins: (values.origin ?? []).map(parseOrigin),
    databaseUrl: parseDatabaseUrl(
      values["database-url"] ?? (env[DATABASE_URL_VARIABLE] || undefined),
    ),
    project: values.project,
    mapping: parseMappingFlags(values),
    canary: parseCanary(values.canary),
    isJson: values.json ?? false,
    timeoutMs: parseTimeout(values.timeout),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, allowPositionals: false }).values;
  } catch (error) {
    const { code } = error as { code?: string };
    // The message could quote a password that stands where no value is expected.
    const option = /^(?:Unknown option|Option) '(-[\w-]+)/.exec((error as Error).message)?.[1];
    if (option) throw new UsageError(`The doctor cannot read the option ${option}.`);
    throw new UsageError(`The doctor cannot read its arguments (${code ?? "unknown"}).`);
  }
}

function parseUrl(value: string | undefined): string {
  if (value === undefined) throw new UsageError("Give --url https://<project>.supabase.co.");
  if (!URL.canParse(value) || !/^https?:$/.test(new URL(value).protocol)) {
    throw new UsageError("--url must be an address such as https://<project>.supabase.co.");
  }
  return new URL(value).origin;
}

function parseKey(value: string | undefined): string {
  if (!value) throw new UsageError("Give --key <publishable key>.");
  if (value.startsWith("sb_secret_") || roleOf(value) === "service_role") {
    throw new UsageError(
      "--key is a secret key: keep it to yourself, and give the publishable key.",
    );
  }
  return value;
}

/** The role of a key in the older form, which is a token. */
function roleOf(key: string): unknown {
  try {
    return JSON.parse(atob(key.split(".")[1]!.replaceAll("-", "+").replaceAll("_", "/"))).role;
  } catch {
    return undefined;
  }
}

function parseOrigin(value: string): string {
  // An app that carries its pages with it has an origin such as capacitor://localhost.
  if (!/^[a-z][a-z0-9+.-]*:\/\/[^/\s]+$/i.test(value)) {
    throw new UsageError(
      "--origin must be what browsers send: https://app.example.com, without a path.",
    );
  }
  return value;
}

function parseCanary(value: string | undefined): Row {
  if (value === undefined) return {};
  try {
    const row: unknown = JSON.parse(value);
    if (typeof row === "object" && row !== null && !Array.isArray(row)) return row as Row;
  } catch {
    // Not JSON.
  }
  throw new UsageError(`--canary must be a JSON object: --canary '{"project_id": 7}'.`);
}

function parseTimeout(value: string | undefined): number | undefined {
  if (value === undefined) return undefined;
  const seconds = Number(value);
  if (!/^\d+$/.test(value) || seconds < 1 || seconds > MAX_TIMEOUT_S) {
    throw new UsageError(`--timeout must be a number of seconds from 1 to ${MAX_TIMEOUT_S}.`);
  }
  return seconds * 1000;
}

function parseDatabaseUrl(value: string | undefined): string | undefined {
  if (value === undefined) return undefined;
  const url = readDatabaseUrl(value);
  if (url) return url.href;
  throw new UsageError(
    "--database-url must look like postgresql://user:password@host:5432/postgres, with special " +
      "characters of the password percent-encoded.",
  );
}

/** The default mapping with what the flags change; `undefined` if there are none. */
function parseMappingFlags(values: ReturnType<typeof parse>): TableMapping | undefined {
  const { table, id, owner, revision } = values;
  const given = { id, idType: values["id-type"], owner, revision, changedIn: values["changed-in"] };
  const named = Object.entries(given).filter(([, value]) => value !== undefined);
  const columns = [["filename", values.filename], ["file_type", values["file-type"]]] as const;
  const fields = columns.filter(([, column]) => column !== undefined)
    .map(([field, column]) => [field, column === "none" ? null : column]);
  if (table === undefined && named.length === 0 && fields.length === 0) return undefined;
  try {
    return parseMapping({
      ...DEFAULT_MAPPING,
      ...(table !== undefined && parseTableName(table)),
      ...Object.fromEntries(named),
      fields: { ...DEFAULT_MAPPING.fields, ...Object.fromEntries(fields) },
    });
  } catch (error) {
    if (error instanceof SetupError) throw new UsageError(error.message);
    throw error;
  }
}
