import { parseArgs } from "node:util";
import { parseMapping } from "../mapping/parse_mapping.ts";
import { DEFAULT_MAPPING, FIELDS, type TableMapping } from "../mapping/table_mapping.ts";
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
  "schema": { type: "string" },
  "table": { type: "string" },
  "id": { type: "string" },
  "id-type": { type: "string" },
  "owner": { type: "string" },
  "field": { type: "string", multiple: true },
  "canary": { type: "string" },
  "json": { type: "boolean" },
  "timeout": { type: "string" },
} as const;

/** Of `--timeout`, in seconds. */
const MAX_TIMEOUT_S = 600;

/**
 * Reads the command line.
 *
 * @throws {UsageError} One sentence, without any value that was given.
 */
export function parseArguments(args: readonly string[]): DoctorArguments {
  const values = parse(args);
  const { email, token } = values;
  if ((email === undefined) === (token === undefined)) {
    throw new UsageError("Give either --email, and a password, or --token.");
  }
  return {
    url: parseUrl(values.url),
    key: parseKey(values.key),
    email,
    password: values.password,
    token,
    origins: (values.origin ?? []).map(parseOrigin),
    databaseUrl: values["database-url"],
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

/** The default mapping with what the flags change; `undefined` if there are none. */
function parseMappingFlags(values: ReturnType<typeof parse>): TableMapping | undefined {
  const { schema, table, id, "id-type": idType, owner, field } = values;
  const given = { schema, table, id, idType, owner };
  const named = Object.entries(given).filter(([, value]) => value !== undefined);
  if (named.length === 0 && field === undefined) return undefined;
  // Another table has its own columns: only those that are named.
  const fields = Object.fromEntries((field ?? []).map((pair) => {
    const [name = "", column = ""] = pair.split("=");
    if (!(FIELDS as readonly string[]).includes(name)) {
      throw new UsageError(
        `--field must be <field>=<column>, with a field of ${FIELDS.join(", ")}.`,
      );
    }
    return [name, column === "" ? null : column];
  }));
  try {
    const base = table === undefined ? DEFAULT_MAPPING.fields : {};
    return parseMapping({
      ...DEFAULT_MAPPING,
      ...Object.fromEntries(named),
      fields: { ...base, ...fields },
    });
  } catch (error) {
    if (error instanceof SetupError) throw new UsageError(error.message);
    throw error;
  }
}
