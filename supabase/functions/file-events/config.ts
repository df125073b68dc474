import type { JWK } from "@supabase/supabase-js";
import { type AllowedOrigins, parseAllowedOrigins } from "./http/allowed_origins.ts";
import { parseJwks, parsePublishableKeys } from "./project_keys.ts";

/** Where live changes come from. */
export type SourceName = "broadcast" | "postgres_changes";

export interface Config {
  readonly supabaseUrl: string;
  readonly publishableKey: string;
  /** The keys that tokens are signed with, as far as the platform says. */
  readonly jwks: readonly JWK[];
  readonly source: SourceName;
  /** Milliseconds between heartbeats. Clients take a minute of silence for the end: 30 s at most. */
  readonly heartbeatMs: number;
  /** Milliseconds between catch-ups while nothing calls for one sooner. */
  readonly catchUpMs: number;
  /** Milliseconds that the platform lets an isolate live; `Infinity` where it doesn't limit it. */
  readonly workerLimitMs: number;
  readonly allowedOrigins: AllowedOrigins;
  /** What is odd about the environment and stops nothing: for the log. */
  readonly warnings: readonly string[];
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** A variable's value without the white space around it; `undefined` if nothing is left. */
type Read = (name: string) => string | undefined;

/** The environment does not describe a function that could run. The message names each variable. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly code = "INVALID_CONFIG";
}

/** The hosted platform ends an isolate after this on the free plan; 400 s on a paid one. */
const HOSTED_WORKER_LIMIT_MS = 150_000;
/** A variable that is meant for this function, misspelt or not. */
const OURS = /^file_?events?_/i;

/**
 * Reads the function's configuration.
 *
 * @throws {ConfigError} with all that is wrong, not only the first.
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
  // The platform sets these two. The function can do without them: there are other variables for
  // the key, and tokens are verified with what Auth says.
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

/** What self-hosted projects may have in place of an object of keys. */
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

/** Only the hosted platform sets these. */
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
