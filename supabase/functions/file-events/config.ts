import type { JWK } from "@supabase/supabase-js";
import type { AllowedOrigins } from "./http/cors.ts";

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
}

export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment does not describe a function that could run. The message names each variable. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly code = "INVALID_CONFIG";
}

/** The hosted platform ends an isolate after this on the free plan; 400 s on a paid one. */
const HOSTED_WORKER_LIMIT_MS = 150_000;

/**
 * Reads the function's configuration.
 *
 * @throws {ConfigError} with all that is wrong, not only the first.
 */
export function parseConfig(env: Environment): Config {
  const problems: string[] = [];
  const read = <T>(parse: (env: Environment) => T): T => {
    try {
      return parse(env);
    } catch (error) {
      problems.push((error as Error).message);
      return undefined as T;
    }
  };
  const config: Config = {
    supabaseUrl: read(parseUrl),
    publishableKey: read(parsePublishableKey),
    jwks: read(parseJwks),
    source: read(parseSource),
    heartbeatMs: read(integer("FILE_EVENTS_HEARTBEAT_MS", 30_000, 100, 30_000)),
    catchUpMs: read(integer("FILE_EVENTS_CATCH_UP_MS", 60_000, 100, 3_600_000)),
    workerLimitMs: read(
      integer("FILE_EVENTS_WORKER_LIMIT_MS", workerLimit(env), 1_000, 86_400_000),
    ),
    allowedOrigins: read(parseAllowedOrigins),
  };
  if (problems.length > 0) {
    throw new ConfigError(`Cannot start file-events: ${problems.join("; ")}`);
  }
  return config;
}

function parseUrl({ SUPABASE_URL: value }: Environment): string {
  if (!value) throw new Error("SUPABASE_URL is missing");
  if (!URL.canParse(value) || !/^https?:$/.test(new URL(value).protocol)) {
    throw new Error("SUPABASE_URL is not an http(s) URL");
  }
  return value;
}

function parsePublishableKey(env: Environment): string {
  const key = env.SUPABASE_PUBLISHABLE_KEYS
    ? firstKey(env.SUPABASE_PUBLISHABLE_KEYS)
    : env.SUPABASE_ANON_KEY;
  if (!key) throw new Error("SUPABASE_PUBLISHABLE_KEYS (or SUPABASE_ANON_KEY) is missing");
  return key;
}

function firstKey(json: string): string | undefined {
  try {
    const keys = JSON.parse(json) as Record<string, unknown>;
    const key = keys.default ?? Object.values(keys)[0];
    if (typeof keys === "object" && typeof key === "string") return key;
  } catch {
    // Reported below, like any other value that is no such object.
  }
  throw new Error("SUPABASE_PUBLISHABLE_KEYS is not a JSON object of keys");
}

function parseJwks({ SUPABASE_JWKS: json }: Environment): readonly JWK[] {
  if (!json?.trim()) return [];
  try {
    const { keys } = JSON.parse(json) as { keys?: unknown };
    if (Array.isArray(keys)) return keys;
  } catch {
    // Reported below, like any other value that is no such object.
  }
  throw new Error("SUPABASE_JWKS is not a JSON Web Key Set");
}

function parseSource(env: Environment): SourceName {
  const value = env.FILE_EVENTS_SOURCE?.trim() || "broadcast";
  if (value === "broadcast" || value === "postgres_changes") return value;
  throw new Error("FILE_EVENTS_SOURCE must be 'broadcast' or 'postgres_changes'");
}

function parseAllowedOrigins(env: Environment): AllowedOrigins {
  const value = env.FILE_EVENTS_ALLOWED_ORIGINS?.trim() || "*";
  if (value === "*") return "*";
  const origins = value.split(",").map((origin) => origin.trim());
  if (!origins.every((origin) => URL.canParse(origin) && new URL(origin).origin === origin)) {
    throw new Error(
      "FILE_EVENTS_ALLOWED_ORIGINS must be '*' or origins such as https://example.com, " +
        "separated by commas",
    );
  }
  return new Set(origins);
}

/** Only the hosted platform sets these. */
function workerLimit({ DENO_DEPLOYMENT_ID, SB_EXECUTION_ID }: Environment): number {
  return DENO_DEPLOYMENT_ID || SB_EXECUTION_ID ? HOSTED_WORKER_LIMIT_MS : Infinity;
}

function integer(name: string, fallback: number, min: number, max: number) {
  return (env: Environment) => {
    const text = env[name]?.trim();
    if (!text) return fallback;
    const value = Number(text);
    if (!/^\d+$/.test(text) || value < min || value > max) {
      throw new Error(`${name} must be a whole number from ${min} to ${max}`);
    }
    return value;
  };
}
