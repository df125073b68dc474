import type { Database } from "../database.ts";
import { createBroadcastFeed } from "./broadcast_feed.ts";
import { createChangeFeed } from "./change_feed.ts";
import type { Fault } from "./faults.ts";
import { createRateCounter } from "./rate_counter.ts";
import { defaultRealtimeOptions, type RealtimeOptions } from "./options.ts";
import type { RealtimeServer } from "./server.ts";
import { type RealtimeSocket, serveSocket } from "./socket.ts";
import { createTimers } from "../timers.ts";
import { createWarmUp } from "./warm_up.ts";
import { type Claims, TokenRefused } from "./token.ts";

/** The part of Supabase Realtime that this project needs, on the local database. */
export interface Realtime {
  /** Answers the WebSocket upgrade at `/realtime/v1/websocket`. */
  upgrade(request: Request): Promise<Response>;
  fault(fault: Fault): void;
  counts(): { sockets: number; channels: number };
  stop(): Promise<void>;
}

export async function createRealtime(
  database: Database,
  { verify, now = Date.now, report, ...overrides }: Partial<RealtimeOptions> & {
    /** Claims of an access token or an API key; throws `TokenRefused`. */
    verify: (token: string) => Promise<Claims>;
    report: (error: unknown) => void;
    now?: () => number;
  },
): Promise<Realtime> {
  const options = { ...defaultRealtimeOptions, ...overrides };
  const timers = createTimers();
  const sockets = new Set<RealtimeSocket>();
  const works = new Set<Promise<void>>();
  const counted = { readMs: options.rateReadMs, readings: options.rateReadings, now };
  const joins = createRateCounter(counted);
  const messages = createRateCounter(counted);
  let isLimited = false;
  let limitedUntil = -Infinity;
  let disconnectedUntil = -Infinity;
  let state: "up" | "deaf" | "down" | "stopped" = "up";

  function isReplicating(): boolean {
    return now() >= disconnectedUntil;
  }

  const server: RealtimeServer = {
    database,
    options,
    changes: await createChangeFeed(database, { options, timers, isReplicating, report }),
    broadcasts: await createBroadcastFeed(database, { isReplicating, report }),
    now,
    verify,
    isDeafToNewcomers: () => state === "deaf",
    warmUp: createWarmUp({ ...options, now }),
    admitsMessage() {
      if (now() < limitedUntil) return false;
      const wasLimited = isLimited;
      isLimited = messages.perSecond() > options.maxMessagesPerSecond;
      if (isLimited && !wasLimited) {
        report(
          `above ${options.maxMessagesPerSecond} messages a second, averaged over up to ` +
            `${options.rateReadMs * options.rateReadings / 1000} s: all are dropped for a while`,
        );
      }
      if (!isLimited) messages.add();
      return !isLimited;
    },
    admitsJoin() {
      joins.add();
      return joins.perSecond() <= options.maxJoinsPerSecond;
    },
    background(work) {
      const owned = work.catch(report).finally(() => works.delete(owned));
      works.add(owned);
    },
  };

  function drop(): void {
    for (const socket of sockets) socket.close();
    sockets.clear();
  }

  return {
    async upgrade(request) {
      const parameters = new URL(request.url).searchParams;
      const token = parameters.get("apikey") ?? "";
      if (state === "down" || state === "stopped") {
        return Response.json({ error: "Realtime is down" }, { status: 503 });
      }
      try {
        await verify(token);
      } catch (refused) {
        if (!(refused instanceof TokenRefused)) throw refused;
        await timers.wait(options.refusedKeyMs);
        const error = token ? refused.message : "API key is missing";
        return Response.json({ error }, { status: 401 });
      }
      const { socket: webSocket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
      const socket = serveSocket(webSocket, {
        server,
        version: parameters.get("vsn") === "2.0.0" ? "2.0.0" : "1.0.0",
        token,
        onClose: () => sockets.delete(socket),
      });
      sockets.add(socket);
      return response;
    },
    fault({ fault, until }) {
      if (fault === "down" || fault === "up") state = fault;
      if (fault === "deaf") state = until === "up" ? "deaf" : "up";
      if (fault === "cold") server.warmUp.chill();
      if (fault === "limit") limitedUntil = now() + options.limitMs;
      if (fault === "walsender") disconnectedUntil = now() + options.walsenderMs;
      if (fault === "up") limitedUntil = disconnectedUntil = -Infinity;
      if (fault === "drop" || fault === "cold" || fault === "down") drop();
      for (const socket of sockets) {
        for (const { channel } of socket.channels.values()) {
          if (fault === "deaf") channel.deafen();
          if (fault === "up") channel.undeafen();
        }
      }
    },
    counts: () => ({
      sockets: sockets.size,
      channels: [...sockets].reduce((sum, { channels }) => sum + channels.size, 0),
    }),
    async stop() {
      state = "stopped";
      drop();
      timers.clear();
      await server.changes.stop();
      await server.broadcasts.stop();
      while (works.size > 0) await Promise.all(works);
    },
  };
}
