import { readTokenClaims } from "../../supabase/functions/file-events/auth/token_claims.ts";
import type { Caller } from "../../supabase/functions/file-events/stream/caller.ts";
import { type Clock } from "../../supabase/functions/file-events/clock.ts";
import { systemClock } from "../../supabase/functions/file-events/system_clock.ts";
import { broadcastSource } from "../../supabase/functions/file-events/realtime/broadcast_source.ts";
import type { ChannelSource } from "../../supabase/functions/file-events/realtime/channel_source.ts";
import { postgresChangesSource } from "../../supabase/functions/file-events/realtime/postgres_changes_source.ts";
import { createRealtimeFeed } from "../../supabase/functions/file-events/realtime/realtime_feed.ts";
import { realtimeUrl } from "../../supabase/functions/file-events/realtime/realtime_url.ts";
import { shareFeed } from "../../supabase/functions/file-events/realtime/share_feed.ts";
import { createSocketPool } from "../../supabase/functions/file-events/realtime/socket_pool.ts";
import type {
  FeedMessage,
  FileFeed,
} from "../../supabase/functions/file-events/stream/file_feed.ts";
import type { RealtimeOptions } from "../../local/realtime/options.ts";
import { type Stack, startStack } from "../../local/stack.ts";
import { mintToken } from "../../local/mint_token.ts";
import { until } from "../support/until.ts";

/** Both sources, for tests that run with each. */
export const sources = { broadcast: broadcastSource, postgres_changes: postgresChangesSource };

/** The embedded Supabase without the function: what a feed needs. */
export function startFeedStack(realtime: Partial<RealtimeOptions> = {}): Promise<Stack> {
  return startStack({ withFunction: false, realtime });
}

/** What a stream of a user hears. */
export interface Listener {
  readonly caller: Caller;
  readonly messages: FeedMessage[];
  readonly isLive: () => boolean;
  readonly leave: () => void;
}

/** The function's feed, put together as `index.ts` does it, in this process. */
export interface IsolateFeed extends AsyncDisposable {
  readonly feed: FileFeed;
  /** Log events with their fields, as JSON. */
  readonly logged: string[];
  listen(caller: Caller, onMessage?: (message: FeedMessage) => void): Listener;
}

interface IsolateFeedOptions {
  readonly random?: () => number;
  /** Decides when a token is about to end. */
  readonly shareClock?: Clock;
  readonly share?: typeof shareFeed;
}

export function createIsolateFeed(
  { url, publishableKey }: Pick<Stack, "url" | "publishableKey">,
  source: ChannelSource,
  { random = () => 0.5, shareClock = systemClock, share = shareFeed }: IsolateFeedOptions = {},
): IsolateFeed {
  const logged: string[] = [];
  const log = (_level: string, event: string, fields = {}) =>
    void logged.push(JSON.stringify({ event, ...fields }));
  const webSockets: WebSocket[] = [];
  const listeners = new Set<Listener>();
  const createWebSocket = () => {
    const webSocket = new WebSocket(realtimeUrl(url, publishableKey));
    webSockets.push(webSocket);
    return webSocket;
  };
  const sockets = createSocketPool({ createWebSocket, clock: systemClock, random, log });
  const feed = share(
    createRealtimeFeed(source, { sockets, clock: systemClock, random, log }),
    shareClock,
  );
  return {
    feed,
    logged,
    listen(caller, onMessage = () => {}) {
      const end = new AbortController();
      const messages: FeedMessage[] = [];
      let isLive = false;
      const listener: Listener = {
        caller,
        messages,
        isLive: () => isLive,
        leave() {
          listeners.delete(listener);
          end.abort();
        },
      };
      listeners.add(listener);
      feed(caller, (message) => {
        if (message.kind === "live") isLive = true;
        if (message.kind === "down") isLive = false;
        messages.push(message);
        onMessage(message);
      }, { signal: end.signal });
      return listener;
    },
    async [Symbol.asyncDispose]() {
      for (const { leave } of listeners) leave();
      for (const webSocket of webSockets) webSocket.close();
      await until(
        () => webSockets.every(({ readyState }) => readyState === WebSocket.CLOSED),
        "closed sockets",
      );
    },
  };
}

/** Adds users by SQL: a sign-up costs 100 ms. */
export async function insertUsers({ database }: Stack, count: number): Promise<string[]> {
  const rows = await database.query<{ id: string }>(
    "insert into auth.users (id) select gen_random_uuid() from generate_series(1, $1) returning id",
    [count],
  );
  return rows.map(({ id }) => id);
}

/** A caller whose token ends after `seconds`. */
export async function mintCaller(
  userId: string,
  { seconds = 3600, aal = "aal1" } = {},
): Promise<Caller> {
  const token = await mintToken(userId, { seconds, aal });
  const { keyId: _, ...claims } = readTokenClaims(token, 0);
  return { ...claims, token };
}
