import { getAuthSchemaSql, SUPABASE_AUTH_HELPERS_SQL } from "@supabase/lite";
import { connect, type ConnectOptions, type Session } from "./postgres_session.ts";
import type { PostgresServer } from "./postgres_server.ts";

/** A database that looks like a Supabase project's, on a real server. */
export interface SupabaseDatabase extends AsyncDisposable {
  readonly url: string;
  /** A session of the owner `postgres`, who is above row level security. */
  connect(options?: ConnectOptions): Promise<Session>;
  /** A session that PostgREST would give this user: role `authenticated` and its claims. */
  connectAs(userId: string, options?: ConnectOptions): Promise<Session>;
  [Symbol.asyncDispose](): Promise<void>;
}

const supabase = new URL("../../supabase/", import.meta.url);

/** The default migrations, in order. */
export const migrations = [
  "migrations/20261123000000_files.sql",
  "migrations/20261123000100_file_events.sql",
  "migrations/20261123000200_file_events_broadcast.sql",
];

/** The embedded stand-in for Realtime's schema, as a path in `supabase/`. */
export const realtimeSchema = "../local/realtime/sql/messages.sql";

/** The text of a file in `supabase/`. */
export function readSql(path: string): Promise<string> {
  return Deno.readTextFile(new URL(path, supabase));
}

// Roles belong to the server, not to the database: another test may have made them.
const platformSql = `
  do $$
  declare name text;
  begin
    foreach name in array array['anon', 'authenticated', 'service_role'] loop
      if not exists (select from pg_roles where rolname = name) then
        execute format('create role %I nologin noinherit', name);
      end if;
    end loop;
  end $$;
  alter role service_role bypassrls;
  grant usage on schema public to anon, authenticated, service_role;
  alter default privileges in schema public grant all on tables to anon, authenticated, service_role;
  alter default privileges in schema public grant all on functions to anon, authenticated, service_role;
  create schema auth;
  grant usage on schema auth to anon, authenticated, service_role;
  create publication supabase_realtime;
`;

/**
 * Creates a database with what a Supabase project has before its first migration, then runs
 * `scripts` (paths in `supabase/`).
 * Disposing drops it and closes its sessions.
 */
export async function createSupabaseDatabase(
  server: PostgresServer,
  scripts: string[] = migrations,
): Promise<SupabaseDatabase> {
  const name = `file_events_${crypto.randomUUID().replaceAll("-", "")}`;
  await runOn(server.url, `create database ${name}`);
  const url = new URL(server.url);
  url.pathname = `/${name}`;
  const sessions: Session[] = [];
  const database: SupabaseDatabase = {
    url: url.href,
    connect: async (options) => {
      const session = await connect(url.href, options);
      sessions.push(session);
      return session;
    },
    connectAs: async (userId, options) => {
      const session = await database.connect(options);
      await actAs(session, userId);
      return session;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(sessions.map((session) => session.close()));
      await runOn(server.url, `drop database ${name} with (force)`);
    },
  };
  try {
    const sql = [platformSql, getAuthSchemaSql(), SUPABASE_AUTH_HELPERS_SQL];
    for (const script of [realtimeSchema, ...scripts]) sql.push(await readSql(script));
    await using owner = await database.connect();
    for (const statements of sql) await owner.query(statements);
    return database;
  } catch (error) {
    await database[Symbol.asyncDispose]();
    throw error;
  }
}

/** Gives a session the role and the claims of a user until it ends. */
export async function actAs(session: Session, userId: string): Promise<void> {
  await session.query(
    `select set_config('request.jwt.claim.sub', $1, false),
      set_config('request.jwt.claims', $2, false)`,
    [userId, JSON.stringify({ sub: userId, role: "authenticated" })],
  );
  await session.query("set role authenticated");
}

async function runOn(url: string, sql: string): Promise<void> {
  await using session = await connect(url);
  await session.query(sql);
}

/** Gives a session the role of a request without a user. */
export async function actAsAnon(session: Session): Promise<void> {
  await actAsOwner(session);
  await session.query("set role anon");
}

/** Takes a session back to the role that it was opened with. */
export async function actAsOwner(session: Session): Promise<void> {
  await session.query(
    "reset role; reset request.jwt.claim.sub; reset request.jwt.claims",
  );
}

/** Adds a user without a way to sign in. The session must be the owner's. */
export async function createUser(session: Session): Promise<string> {
  const id = crypto.randomUUID();
  await session.query("insert into auth.users (id) values ($1)", [id]);
  return id;
}
