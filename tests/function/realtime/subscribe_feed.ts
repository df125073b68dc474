import assert from "node:assert/strict";
import type { Log } from "../../../supabase/functions/file-events/log.ts";
import type { ChannelSource } from "../../../supabase/functions/file-events/realtime/channel_source.ts";
import { createRealtimeFeed } from "../../../supabase/functions/file-events/realtime/realtime_feed.ts";
import { createSocketPool } from "../../../supabase/functions/file-events/realtime/socket_pool.ts";
import type { FeedMessage } from "../../../supabase/functions/file-events/stream/file_feed.ts";
import { USER_ID } from "../../support/access_tokens.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { until } from "../../support/until.ts";
import type { RealtimeServer } from "./realtime_server.ts";

/**
 * Subscribes a feed over the real pool and real sockets. The feed has a clock that moves only
 * when the test says so. The clock of its pool also moves while the test waits for a join.
 */
export function subscribeFeed(
  source: ChannelSource,
  server: RealtimeServer,
  {
    url = server.url,
    userId = USER_ID,
    token = "the.callers.token",
    signal: given = undefined as AbortSignal | undefined,
  } = {},
) {
  const clock = new FakeClock();
  const poolClock = new FakeClock();
  const controller = new AbortController();
  const messages: FeedMessage[] = [];
  const logged: string[] = [];
  const log: Log = (level, event, fields) => {
    assert.equal(level, "warn");
    logged.push(JSON.stringify({ event, ...fields }));
  };
  const random = () => 0.5;
  const sockets = createSocketPool({
    createWebSocket: () => server.createWebSocket(url),
    clock: poolClock,
    random,
    log,
  });
  const feed = createRealtimeFeed(source, { sockets, clock, random, log });
  const caller = { userId, token, expiresAt: 0, rights: "aal1" };
  const subscription = feed(caller, (message) => void messages.push(message), {
    signal: given ?? controller.signal,
  });
  return {
    clock,
    poolClock,
    messages,
    logged,
    subscription,
    kinds: () => messages.map(({ kind }) => kind),
    leave: () => controller.abort(),
    nextJoin: () => server.nextJoin(poolClock),
  };
}

/** Subscribes a feed, and waits until it is live. */
export async function subscribeLive(source: ChannelSource, server: RealtimeServer) {
  const feed = subscribeFeed(source, server);
  const join = await feed.nextJoin();
  join.confirm();
  await until(() => feed.messages.length === 1, "the feed is live");
  return { ...feed, join };
}
