import type { JWK } from "@supabase/supabase-js";
import { type AllowedOrigins, parseAllowedOrigins } from "./http/allowed_origins.ts";
import { parseJwks, parsePublishableKeys } from "./project_keys.ts";

/** Where live changes come from. */
export type SourceName = "broadcast" | "postgres_changes";

export interface Config {
  readonly supabaseUrl: string;
  readonly publishableKey: string;
  /** The public keys of the project that the platform provides, if any. */
  readonly jwks: readonly JWK[];
  readonly source: SourceName;
  /** Milliseconds between heartbeats. At most 30 s: clients reconnect after 60 s of silence. */
  readonly heartbeatMs: number;
  /** Milliseconds between catch-ups while nothing requests one sooner. */
  readonly catchUpMs: number;
  /** How long the platform lets an isolate run, in milliseconds; `Infinity` if it has no limit. */
  readonly workerLimitMs: number;
  /** How many streams of one isolate may be open at once. */
  readonly maxStreams: number;
  /** How many of them may be one user's. */
  readonly maxStreamsPerUser: number;
  readonly allowedOrigins: AllowedOrigins;
  /** Problems of the environment that do not prevent the start. They are logged. */
  readonly warnings: readonly string[];
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** Reads a variable and trims its value; `undefined` if nothing is left. */
type Read = (name: string) => string | undefined;

/** The function cannot start with this environment. The message names each variable at fault. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly code = "INVALID_CONFIG";
}

/** The hosted platform ends an isolate after this time; on a paid plan, after 400 s. */
const HOSTED_WORKER_LIMIT_MS = 150_000;
/** Matches a variable that is meant for this function, even if it is misspelt. */
const OURS = /^file_?events?_/i;

/**
 * Reads the function's configuration.
 *
 * @throws {ConfigError} with all problems, not only the first.
 */
export function parseConfig(env: Environment): Config {
  const problems: string[] = [];
  const warnings: string[] = [];
  const known = new Set<string>();
  const read: Read = (name) => {
    known.add(name);
    return env[name]?.trim() || undefined;
  };
  const attempt = <T>(parse: (read: Read) => T, faults = problems): T => {
    try {
      return parse(read);
    } catch (error) {
      faults.push((error as Error).message);
      return undefined as T;
    }
  };
  // The platform sets these two. They are not required: other variables can provide the key, and
  // the keys for tokens can be fetched from Auth.
  const publishable = attempt(readPublishableKeys, warnings);
  const jwks = attempt(readJwks, warnings) ?? [];
  const config: Config = {
    supabaseUrl: attempt(readUrl),
    publishableKey: publishable ?? attempt(readSingleKey),
    jwks,
    source: attempt(readSource),
    heartbeatMs: attempt(integer("FILE_EVENTS_HEARTBEAT_MS", 30_000, 100, 30_000)),
    catchUpMs: attempt(integer("FILE_EVENTS_CATCH_UP_MS", 60_000, 100, 3_600_000)),
    workerLimitMs: attempt(
      integer("FILE_EVENTS_WORKER_LIMIT_MS", workerLimit(read), 1_000, 86_400_000),
    ),
    maxStreams: attempt(integer("FILE_EVENTS_MAX_STREAMS", 1_000, 1, 100_000)),
    maxStreamsPerUser: attempt(integer("FILE_EVENTS_MAX_STREAMS_PER_USER", 20, 1, 100_000)),
    allowedOrigins: attempt(readAllowedOrigins),
    warnings,
  };
  if (problems.length > 0) {
    throw new ConfigError(`Cannot start file-events: ${[...problems, ...warnings].join("; ")}`);
  }
  const unknown = Object.keys(env).filter((name) => OURS.test(name) && !known.has(name));
  warnings.push(...unknown.map((name) => `${name} is not a variable of file-events`));
  return config;
}

function readUrl(read: Read): string {
  const value = read("SUPABASE_URL");
  if (!value) throw new Error("SUPABASE_URL is missing");
  if (!URL.canParse(value) || !/^https?:$/.test(new URL(value).protocol)) {
    throw new Error("SUPABASE_URL is not an http(s) URL");
  }
  return value;
}

function readPublishableKeys(read: Read): string | undefined {
  return parsePublishableKeys(read("SUPABASE_PUBLISHABLE_KEYS") ?? "null");
}

/** Self-hosted projects may have a single key instead of an object of keys. */
function readSingleKey(read: Read): string {
  const key = read("SUPABASE_PUBLISHABLE_KEY") ?? read("SUPABASE_ANON_KEY");
  if (key) return key;
  throw new Error(
    "there is no key in SUPABASE_PUBLISHABLE_KEYS, SUPABASE_PUBLISHABLE_KEY or SUPABASE_ANON_KEY",
  );
}

function readJwks(read: Read): readonly JWK[] {
  return parseJwks(read("SUPABASE_JWKS") ?? "null");
}

function readSource(read: Read): SourceName {
  const value = read("FILE_EVENTS_SOURCE") ?? "broadcast";
  if (value === "broadcast" || value === "postgres_changes") return value;
  throw new Error("FILE_EVENTS_SOURCE must be 'broadcast' or 'postgres_changes'");
}

function readAllowedOrigins(read: Read): AllowedOrigins {
  try {
    return parseAllowedOrigins(read("FILE_EVENTS_ALLOWED_ORIGINS") ?? "*");
  } catch (error) {
    throw new Error(
      "FILE_EVENTS_ALLOWED_ORIGINS must be '*' or origins such as https://example.com or " +
        `https://*.example.com, separated by commas, but ${(error as Error).message}`,
    );
  }
}

/** The default limit. Only the hosted platform sets these variables. */
function workerLimit(read: Read): number {
  const isHosted = read("DENO_DEPLOYMENT_ID") ?? read("SB_EXECUTION_ID");
  return isHosted ? HOSTED_WORKER_LIMIT_MS : Infinity;
}

function integer(name: string, fallback: number, min: number, max: number) {
  return (read: Read) => {
    const text = read(name);
    if (!text) return fallback;
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new Error(`${name} must be a whole number from ${min} to ${max}`);
    }
    return value;
  };
}
