import type { FileRow } from "./file_table.ts";
import { changeFrame, type Channel, withIds } from "./frames.ts";

const UUID = /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/;

/** Stands in for Realtime: accepts every join at once and confirms it. */
export class Realtime {
  readonly #sockets = new Set<WebSocket>();
  /** The channels of each user, with the socket of each. */
  readonly #channels = new Map<string, Map<Channel, WebSocket>>();
  /** Sockets that get the changes of all users, as text: `<user id> <row>`. */
  readonly #listeners = new Set<WebSocket>();
  /** When the last channel of each user was confirmed, in milliseconds since the Unix epoch. */
  readonly joinTimes = new Map<string, number>();
  #refusesUntil = 0;

  get socketCount(): number {
    return this.#sockets.size;
  }

  accept(request: Request): Response {
    if (performance.now() < this.#refusesUntil) return new Response(null, { status: 503 });
    const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
    const topics = new Map<string, () => void>();
    socket.onopen = () => void this.#sockets.add(socket);
    socket.onclose = () => {
      this.#sockets.delete(socket);
      for (const leave of topics.values()) leave();
    };
    socket.onerror = () => {};
    socket.onmessage = ({ data }) => {
      const [joinRef, ref, topic, event, payload] = JSON.parse(data);
      const reply = (event: string, payload: unknown, ofRef: string | null = ref) =>
        socket.send(JSON.stringify([joinRef, ofRef, topic, event, payload]));
      const { config } = payload;
      const subscriptions = withIds(config?.postgres_changes ?? []);
      reply("phx_reply", {
        status: "ok",
        response: event === "phx_join" ? { postgres_changes: subscriptions } : {},
      });
      if (event === "phx_leave") {
        topics.get(topic)?.();
        reply("phx_close", {});
      }
      if (event !== "phx_join") return;
      const kind = config.private ? "broadcast" : "postgres_changes";
      topics.get(topic)?.();
      topics.set(topic, this.#join({ topic, kind }, socket));
      const extension = kind === "broadcast" ? "system" : kind;
      const message = kind === "broadcast"
        ? "Replication connection established"
        : "Subscribed to PostgreSQL";
      const channel = topic.replace("realtime:", "");
      reply("system", { message, status: "ok", extension, channel }, null);
    };
    return response;
  }

  /** Accepts a socket that gets the changes of all users. */
  acceptListener(request: Request): Response {
    const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
    socket.onopen = () => void this.#listeners.add(socket);
    socket.onclose = () => void this.#listeners.delete(socket);
    return response;
  }

  send(userId: string, row: FileRow): void {
    for (const [channel, socket] of this.#channels.get(userId) ?? []) {
      if (socket.readyState === WebSocket.OPEN) socket.send(changeFrame(channel, row, userId));
    }
    for (const listener of this.#listeners) listener.send(`${userId} ${JSON.stringify(row)}`);
  }

  /** Closes all sockets, and refuses new ones for `ms` milliseconds. */
  restart(ms: number): void {
    this.#refusesUntil = performance.now() + ms;
    this.joinTimes.clear();
    for (const socket of this.#sockets) socket.close(1001);
  }

  /** @returns A function that leaves the channel. */
  #join(channel: Channel, socket: WebSocket): () => void {
    const userId = UUID.exec(channel.topic)?.[0] ?? "";
    const channels = this.#channels.get(userId) ?? new Map<Channel, WebSocket>();
    this.#channels.set(userId, channels.set(channel, socket));
    this.joinTimes.set(userId, performance.timeOrigin + performance.now());
    return () => {
      channels.delete(channel);
      if (channels.size === 0) this.#channels.delete(userId);
    };
  }
}
