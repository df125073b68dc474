// The composition root. Environment, random numbers and network are accessed only here, the clock and
// timers only in system_clock.ts.
import { createClient } from "@supabase/supabase-js";
import { createAuthenticate } from "./auth/authenticate.ts";
import { isTokenRefused } from "./auth/is_token_refused.ts";
import { createFetchKeys, createSigningKeys } from "./auth/signing_keys.ts";
import { parseConfig } from "./config.ts";
import { fetchWithTimeout } from "./fetch_with_timeout.ts";
import { createHandler } from "./handler.ts";
import { StreamPlaces } from "./http/stream_places.ts";
import { createLog } from "./log.ts";
import { judgeFaults } from "./postgrest/judge_faults.ts";
import { createQueryChanges } from "./postgrest/query_changes.ts";
import { shareChangesSince } from "./postgrest/share_changes_since.ts";
import { broadcastSource } from "./realtime/broadcast_source.ts";
import { postgresChangesSource } from "./realtime/postgres_changes_source.ts";
import { createRealtimeFeed } from "./realtime/realtime_feed.ts";
import { realtimeUrl } from "./realtime/realtime_url.ts";
import { shareFeed } from "./realtime/share_feed.ts";
import { createSocketPool } from "./realtime/socket_pool.ts";
import { logLostValues } from "./rows/log_lost_values.ts";
import { createSparseLog } from "./sparse_log.ts";
import { answerPings } from "./stream/answer_pings.ts";
import { createOpenFileStream } from "./stream/file_stream.ts";
import { systemClock as clock } from "./system_clock.ts";

/** How long a request to Auth or PostgREST may take, in milliseconds, or up to a second less. */
const UPSTREAM_TIMEOUT_MS = 10_000;

const config = parseConfig(Deno.env.toObject());
const random = Math.random;
// deno-lint-ignore no-console -- the platform collects what is written to the console
const log = createLog((level, line) => console[level](line), clock);
for (const warning of config.warnings) log("warn", "odd environment", { warning });

const timeout = () => AbortSignal.timeout(UPSTREAM_TIMEOUT_MS);
const upstreamFetch = fetchWithTimeout(fetch, timeout, clock);
const auth = createClient(config.supabaseUrl, config.publishableKey, {
  global: { fetch: upstreamFetch },
  auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
}).auth;
// Each query sets the token of its caller. Without `accessToken` the client would look for a session
// before each of them.
const database = createClient(config.supabaseUrl, config.publishableKey, {
  global: { fetch: upstreamFetch },
  accessToken: () => Promise.resolve(config.publishableKey),
});
// Without these, one unhandled error or rejection would end the isolate and cut all its streams.
addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  log("error", "unhandled rejection", { error: String(event.reason) });
});
addEventListener("error", (event) => {
  event.preventDefault();
  log("error", "unhandled error", { error: String(event.error) });
});
const shutdown = new AbortController();
addEventListener("beforeunload", () => shutdown.abort());

const socketUrl = realtimeUrl(config.supabaseUrl, config.publishableKey);
const sockets = createSocketPool({
  createWebSocket: () => new WebSocket(socketUrl),
  clock,
  random,
  log,
});
const source = config.source === "broadcast" ? broadcastSource : postgresChangesSource;
const feed = createRealtimeFeed(source, { sockets, clock, random, log });

const authenticate = createAuthenticate(auth, {
  signingKeys: createSigningKeys(config.jwks, {
    fetchKeys: createFetchKeys(config.supabaseUrl, config.publishableKey, upstreamFetch),
    clock,
  }),
  clock,
});
const queryChanges = judgeFaults(createQueryChanges(database, logLostValues(log)), {
  isRefusedByAuth: (token) => isTokenRefused(token, authenticate),
  clock,
  log: createSparseLog(log, clock),
});

const answered = answerPings({
  feed,
  changesSince: shareChangesSince(queryChanges, clock),
  clock,
  random,
});

Deno.serve(createHandler({
  authenticate,
  openFileStream: createOpenFileStream({
    feed: shareFeed(answered.feed, clock),
    changesSince: answered.changesSince,
    isolate: {
      startedAt: clock.now(),
      limitMs: config.workerLimitMs,
      shutdown: shutdown.signal,
    },
    heartbeatMs: config.heartbeatMs,
    catchUpMs: config.catchUpMs,
    createId: () => crypto.randomUUID(),
    clock,
    random,
    log,
  }),
  places: new StreamPlaces({
    maxStreams: config.maxStreams,
    maxStreamsPerUser: config.maxStreamsPerUser,
    clock,
  }),
  allowedOrigins: config.allowedOrigins,
  clock,
  random,
  log,
}));
