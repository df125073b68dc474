import { authorizeTopic, type TopicRights } from "./authorization.ts";
import type { BroadcastListener, Topic } from "./broadcast_feed.ts";
import type { Broadcast, Message } from "./protocol.ts";
import type { RealtimeServer } from "./server.ts";
import { type PostgresChanges, subscriptionId } from "./subscription.ts";
import { createTimers } from "../timers.ts";
import { type Claims, TokenRefused } from "./token.ts";

/** Where a channel sends to: its place on a socket. */
export interface ChannelSink {
  push(event: string, payload: unknown, options?: { ref?: string }): void;
  pushRaw(event: string, payload: string): void;
  pushBroadcast(broadcast: Broadcast): void;
  /** The server closes the channel. */
  closed(): void;
}

/** One joined topic of one socket. */
export interface Channel {
  /** What the reply to the join says. */
  readonly response: { postgres_changes: (PostgresChanges & { id: number })[] };
  /** Delivers nothing, and says nothing about it, until a rejoin or a new token. */
  deafen(): void;
  undeafen(): void;
  /** Begins what follows the reply: subscriptions, replay. */
  start(): void;
  receive(message: Message): Promise<void>;
  /** Ends the channel without a word to the client. */
  close(): void;
}

interface JoinConfig {
  broadcast?: {
    ack?: boolean;
    self?: boolean;
    replication_ready?: boolean;
    replay?: { since: number; limit?: number };
  };
  postgres_changes?: PostgresChanges[];
  private?: boolean;
}

/** A server looks at a channel's token again after this long at the latest. */
const CONFIRM_TOKEN_MS = 5 * 60_000;
const MAX_REPLAYED = 25;

/** Joins a topic, or throws {@link TokenRefused} with the reason. */
export async function joinChannel(
  join: Message,
  { server, socketToken, sink }: {
    server: RealtimeServer;
    socketToken: string;
    sink: ChannelSink;
  },
): Promise<Channel> {
  const { database, options, changes, broadcasts } = server;
  const config = (join.payload.config ?? {}) as JoinConfig;
  const topic: Topic = {
    name: join.topic.slice("realtime:".length),
    isPrivate: config.private === true,
  };
  const entries = config.postgres_changes ?? [];
  const timers = createTimers();
  const closing = new AbortController();
  let token = userToken(join.payload.access_token) ?? socketToken;
  let claims = await server.verify(token);
  let rights = await authorize(claims);
  let isDeaf = server.isDeafToNewcomers();
  let releaseChanges: (() => Promise<void>) | undefined;
  let cancelConfirm = () => {};

  const system = (extension: string, status: "ok" | "error", message: string) =>
    sink.push("system", { message, status, extension, channel: topic.name });
  const hearsFrom = server.now() + server.warmUp.left("broadcastMs");
  const onBroadcast: BroadcastListener = (broadcast) => {
    if (isDeaf || server.now() < hearsFrom) return;
    if (server.admitsMessage()) sink.pushBroadcast(broadcast);
  };
  const leaveTopic = broadcasts.subscribe(topic, onBroadcast);

  async function authorize(claims: Claims): Promise<TopicRights> {
    if (!topic.isPrivate) return { read: true, write: true };
    const rights = await authorizeTopic(database, { topic: topic.name, claims });
    if (rights.read) return rights;
    throw new TokenRefused(
      "Unauthorized",
      `You do not have permissions to read from this Channel topic: ${topic.name}`,
    );
  }

  function confirmToken(): void {
    cancelConfirm();
    if (closing.signal.aborted) return;
    const left = (claims.exp - Math.floor(server.now() / 1000)) * 1000;
    cancelConfirm = timers.after(Math.min(left, CONFIRM_TOKEN_MS), () =>
      server.background(
        server.verify(token).then(confirmToken, shutdown),
      ));
  }

  function shutdown(refused: unknown): void {
    if (!(refused instanceof TokenRefused)) throw refused;
    if (closing.signal.aborted) return;
    system("system", "error", refused.message);
    close();
    sink.closed();
  }

  /** The old subscriptions stay until the new ones stand, so a new token leaves no gap. */
  async function subscribe(delay: number): Promise<void> {
    await timers.wait(delay);
    if (closing.signal.aborted) return;
    const before = releaseChanges;
    try {
      releaseChanges = await changes.subscribe(entries, {
        claims,
        listener: (data, ids) => {
          if (!isDeaf && server.admitsMessage()) {
            sink.pushRaw("postgres_changes", `{"data":${data},"ids":${JSON.stringify(ids)}}`);
          }
        },
      });
      if (!closing.signal.aborted) {
        system("postgres_changes", "ok", "Subscribed to PostgreSQL");
      }
    } catch (error) {
      system("postgres_changes", "error", (error as Error).message);
    }
    await before?.();
    if (closing.signal.aborted) await releaseChanges?.();
  }

  async function replaceToken(message: Message): Promise<void> {
    const next = userToken(message.payload.access_token);
    if (next === undefined || next === token) return;
    try {
      const nextClaims = await server.verify(next);
      rights = await authorize(nextClaims);
      [token, claims] = [next, nextClaims];
    } catch (refused) {
      return shutdown(refused);
    }
    isDeaf = server.isDeafToNewcomers();
    confirmToken();
    if (entries.length > 0) server.background(subscribe(options.resubscribeMs));
  }

  function broadcast(message: Message): void {
    if (!rights.write) return;
    const { event, payload } = message.payload;
    broadcasts.publish(
      topic,
      { event: String(event), payload: JSON.stringify(payload ?? {}) },
      config.broadcast?.self ? undefined : onBroadcast,
    );
    if (config.broadcast?.ack && message.ref) {
      sink.push("phx_reply", { status: "ok", response: {} }, { ref: message.ref });
    }
  }

  async function replay(range: { since: number; limit?: number }): Promise<void> {
    const limit = Math.min(range.limit ?? MAX_REPLAYED, MAX_REPLAYED);
    const messages = await broadcasts.history(topic.name, { since: range.since, limit });
    // They are read from the database, so whatever keeps the server from live messages does not matter.
    if (!closing.signal.aborted) messages.forEach((message) => sink.pushBroadcast(message));
  }

  function close(): void {
    if (closing.signal.aborted) return;
    closing.abort();
    timers.clear();
    leaveTopic();
    if (releaseChanges) server.background(releaseChanges());
  }

  return {
    response: {
      postgres_changes: entries.map((entry) => ({ id: subscriptionId(entry), ...entry })),
    },
    deafen: () => isDeaf = true,
    undeafen: () => isDeaf = false,
    start() {
      confirmToken();
      if (config.broadcast?.replication_ready) {
        const confirm = () => system("system", "ok", "Replication connection established");
        const wait = server.warmUp.left("confirmMs");
        if (wait > 0) timers.after(wait, confirm);
        else confirm();
      }
      if (config.broadcast?.replay && topic.isPrivate) {
        server.background(replay(config.broadcast.replay));
      }
      if (entries.length > 0) {
        const wait = Math.max(options.subscribeMs, server.warmUp.left("subscribeMs"));
        server.background(subscribe(wait));
      }
    },
    async receive(message) {
      if (message.event === "access_token") await replaceToken(message);
      // Nobody's presence is kept, and nobody is told of it.
      if (message.event === "presence" && message.ref) {
        sink.push("phx_reply", { status: "ok", response: {} }, { ref: message.ref });
      }
      if (message.event === "broadcast") broadcast(message);
    },
    close,
  };
}

/** An API key in the token's place counts as none. */
function userToken(token: unknown): string | undefined {
  return typeof token === "string" && !token.startsWith("sb_") ? token : undefined;
}
