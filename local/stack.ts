import { withAdminUsers } from "./admin_users.ts";
import { jwtSecret, legacyKey, publishableKey, secretKey, verifyKeyOrToken } from "./api_keys.ts";
import { createDatabase, type Database, type Script } from "./database.ts";
import { type FunctionProcess, startFunction } from "./function_process.ts";
import { createGateway, type Handler } from "./gateway.ts";
import { keepToLoopback } from "./keep_to_loopback.ts";
import { readProjectScripts } from "./project_scripts.ts";
import { createRealtime, type Realtime } from "./realtime/realtime.ts";
import type { RealtimeOptions } from "./realtime/options.ts";
import { createTimers } from "./timers.ts";
import { createRestAndAuth } from "./rest_and_auth.ts";

export interface StackOptions {
  /** 0, the default, takes a free port. */
  port?: number;
  /** Answers what is not Supabase's, the demo page for example. */
  page?: Handler;
  /** Whether to run the function; true by default. */
  withFunction?: boolean;
  /** More environment variables for the function, `FILE_EVENTS_…` for example. */
  functionEnv?: Record<string, string>;
  realtime?: Partial<RealtimeOptions>;
  /** SQL to run instead of the project's migrations, publication and seed. */
  scripts?: Script[];
  /** Takes the function's output and what goes wrong behind a response; silent by default. */
  log?: (line: string) => void;
}

/** An embedded Supabase: a development double, for this machine only. */
export interface Stack extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`, the project's URL. */
  readonly url: string;
  readonly publishableKey: string;
  readonly secretKey: string;
  readonly jwtSecret: string;
  readonly database: Database;
  readonly realtime: Realtime;
  /** Undefined without the function. */
  readonly functionProcess: FunctionProcess | undefined;
  stop(): Promise<void>;
}

/**
 * Starts the stack with a fresh database. Throws `Deno.errors.AddrInUse` when the port is taken,
 * and an `Error` that names the file when a script fails.
 */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  const { port = 0, page = notFound, withFunction = true, log = () => {} } = options;
  keepToLoopback();
  await using started = new AsyncDisposableStack();
  const gateway = Promise.withResolvers<Handler>();
  // Listens before anything slow begins: a taken port shows at once, and the URL is known.
  const server = Deno.serve(
    { hostname: "127.0.0.1", port, onListen: () => {}, onError: (error) => failed(error, log) },
    async (request) => (await gateway.promise)(request),
  );
  started.defer(async () => {
    const timers = createTimers();
    // Whoever is still sending a request by now is not waited for.
    await Promise.race([server.shutdown(), timers.wait(1_000)]);
    timers.clear();
  });
  const url = `http://127.0.0.1:${server.addr.port}`;

  const database = await createDatabase(options.scripts ?? await readProjectScripts());
  started.defer(() => database.close());
  const realtime = await createRealtime(database, {
    ...options.realtime,
    verify: verifyKeyOrToken,
    report: (error) => log(`Realtime: ${String(error)}`),
  });
  started.defer(() => realtime.stop());
  let functionProcess: FunctionProcess | undefined;
  gateway.resolve(createGateway({
    restAndAuth: withAdminUsers(createRestAndAuth(database, { url }), database),
    realtime,
    functionUrl: () => functionProcess?.url(),
    page,
  }));
  if (withFunction) {
    const environment = { ...await platformEnvironment(url), ...options.functionEnv };
    functionProcess = await startFunction(environment, { log });
    started.defer(() => functionProcess!.stop());
  }

  const running = started.move();
  const stop = () => running.disposeAsync();
  return {
    url,
    publishableKey,
    secretKey,
    jwtSecret,
    database,
    realtime,
    functionProcess,
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** What Supabase gives a function; the JWKS has no keys because HS256 has no public half. */
async function platformEnvironment(url: string): Promise<Record<string, string>> {
  return {
    SUPABASE_URL: url,
    SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: publishableKey }),
    SUPABASE_SECRET_KEYS: JSON.stringify({ default: secretKey }),
    SUPABASE_JWKS: JSON.stringify({ keys: [] }),
    SUPABASE_ANON_KEY: await legacyKey(publishableKey),
    SUPABASE_SERVICE_ROLE_KEY: await legacyKey(secretKey),
  };
}

function notFound(): Response {
  return Response.json({ error: "Nothing is here", code: "NOT_FOUND" }, { status: 404 });
}

function failed(error: unknown, log: (line: string) => void): Response {
  log(`Gateway: ${error instanceof Error ? error.stack : String(error)}`);
  return Response.json({ error: "Internal error; see the log", code: "INTERNAL" }, { status: 500 });
}
