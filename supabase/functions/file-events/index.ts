// Composition root: the environment becomes a handler, the handler is served.
import { createClient } from "@supabase/supabase-js";
import { createAuthenticate } from "./auth/authenticate.ts";
import { createFetchKeys, createSigningKeys } from "./auth/signing_keys.ts";
import { createChangesSince } from "./database/changes_since.ts";
import { systemClock as clock } from "./clock.ts";
import { parseConfig } from "./config.ts";
import { createOpenFileStream } from "./stream/file_stream.ts";
import { fetchWithTimeout } from "./http/fetch_with_timeout.ts";
import { createHandler } from "./handler.ts";
import { judgeFaults } from "./database/judge_faults.ts";
import { createLog } from "./log.ts";
import { postgresChangesSource } from "./realtime/postgres_changes_source.ts";
import { broadcastSource } from "./realtime/broadcast_source.ts";
import { createRealtimeClient } from "./realtime/realtime_client.ts";
import { shareFeed } from "./realtime/share_feed.ts";
import { createSocketPool } from "./realtime/socket_pool.ts";
import { createRealtimeFeed } from "./realtime/realtime_feed.ts";
import { logLostValues } from "./database/lost_values.ts";
import { shareChangesSince } from "./database/share_changes_since.ts";
import { createSparseLog } from "./sparse_log.ts";

/** For a request to Auth or PostgREST. */
const UPSTREAM_TIMEOUT_MS = 10_000;

const config = parseConfig(Deno.env.toObject());
const random = Math.random;
// deno-lint-ignore no-console -- the platform collects what is written to the console
const log = createLog((level, line) => console[level](line), clock);
for (const warning of config.warnings) log("warn", "odd environment", { warning });

const upstreamFetch = fetchWithTimeout(fetch, UPSTREAM_TIMEOUT_MS);
const supabase = createClient(config.supabaseUrl, config.publishableKey, {
  global: { fetch: upstreamFetch },
  auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
});
// Else one forgotten promise would end the isolate, and all its streams without a word.
addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  log("error", "unhandled rejection", { error: String(event.reason) });
});
const shutdown = new AbortController();
addEventListener("beforeunload", () => shutdown.abort());

const sockets = createSocketPool({
  createClient: () => createRealtimeClient(config.supabaseUrl, config.publishableKey, { random }),
  clock,
  log,
});
const source = config.source === "broadcast" ? broadcastSource : postgresChangesSource;
const feed = createRealtimeFeed(source, { sockets, clock, random, log });

const authenticate = createAuthenticate(supabase.auth, {
  signingKeys: createSigningKeys(config.jwks, {
    fetchKeys: createFetchKeys(config.supabaseUrl, config.publishableKey, upstreamFetch),
    clock,
  }),
  clock,
});
const changesSince = judgeFaults(createChangesSince(supabase, logLostValues(log)), {
  authenticate,
  clock,
  log: createSparseLog(log, clock),
});

Deno.serve(createHandler({
  authenticate,
  openFileStream: createOpenFileStream({
    feed: shareFeed(feed, clock),
    changesSince: shareChangesSince(changesSince, clock),
    isolate: {
      startedAt: clock.now(),
      limitMs: config.workerLimitMs,
      shutdown: shutdown.signal,
    },
    heartbeatMs: config.heartbeatMs,
    catchUpMs: config.catchUpMs,
    clock,
    random,
    log,
  }),
  allowedOrigins: config.allowedOrigins,
  clock,
  random,
  log,
}));
