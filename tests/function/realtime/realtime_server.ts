import type { RealtimeClient } from "@supabase/supabase-js";
import { createRealtimeClient } from "../../../supabase/functions/file-events/realtime/realtime_client.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { serveHttp } from "../../support/http_server.ts";
import { until } from "../../support/until.ts";
import { advanceUntil } from "./advance_until.ts";

interface PostgresChangesFilter {
  event: string;
  schema: string;
  table: string;
  filter: string;
}

interface JoinPayload {
  access_token?: string;
  config: {
    private: boolean;
    broadcast: { replication_ready?: boolean };
    postgres_changes: PostgresChangesFilter[];
  };
}

/** A join that a client has requested, and all that the server can send on its channel. */
export class Join {
  constructor(
    readonly topic: string,
    readonly payload: JoinPayload,
    readonly socket: WebSocket,
    readonly refs: { join: string; message: string },
  ) {}

  #send(event: string, payload: unknown, ref: string | null = null): void {
    this.socket.send(JSON.stringify([this.refs.join, ref, this.topic, event, payload]));
  }

  /** Answers ok, which supabase-js calls SUBSCRIBED. */
  accept(): void {
    const filters = this.payload.config.postgres_changes;
    const response = { postgres_changes: filters.map((filter, n) => ({ id: n + 1, ...filter })) };
    this.#send("phx_reply", { status: "ok", response }, this.refs.message);
  }

  refuse(reason = "InvalidJWTToken: Token has expired 10 seconds ago"): void {
    this.#send("phx_reply", { status: "error", response: { reason } }, this.refs.message);
  }

  system(status: "ok" | "error", { extension = "postgres_changes" } = {}): void {
    this.#send("system", { status, extension, message: "", channel: this.topic });
  }

  /** Accepts and says that changes arrive from now on. */
  confirm(): void {
    this.accept();
    this.system("ok");
  }

  change(table: string, type: string, record: unknown, errors: string[] | null = null): void {
    const commit_timestamp = "2026-11-23T10:30:00.000Z";
    const data = { schema: "public", table, type, record, errors, columns: [], commit_timestamp };
    const ids = this.payload.config.postgres_changes.flatMap((filter, n) =>
      filter.table === table ? [n + 1] : []
    );
    this.#send("postgres_changes", { data, ids });
  }

  broadcast(event: string, payload: unknown): void {
    this.#send("broadcast", { type: "broadcast", event, payload });
  }

  /** The channel's process on the server has crashed; the socket lives. */
  crash(): void {
    this.#send("phx_error", {}, this.refs.message);
  }

  /** Closes the channel, as at a token's expiry. */
  close(): void {
    this.#send("phx_close", {}, this.refs.message);
  }
}

/** A Realtime server that answers joins, and sends messages, only when the test says so. */
export class RealtimeServer implements AsyncDisposable {
  readonly joins: Join[] = [];
  /** The topics of the channels that clients have left. */
  readonly leaves: string[] = [];
  /** The open ones, in the order in which they were opened. */
  readonly sockets = new Set<WebSocket>();
  readonly #server = serveHttp((request) => this.#upgrade(request));
  readonly #clients: RealtimeClient[] = [];
  #joinsSeen = 0;
  /** Whether it accepts sockets. */
  isUp = true;

  get url(): string {
    return this.#server.url;
  }

  /** Makes a client of this server, or of another URL, that ends with the server. */
  createClient(url = this.url): RealtimeClient {
    // The least random delay before it connects again.
    const client = createRealtimeClient(url, "sb_publishable_test", { random: () => 0 });
    this.#clients.push(client);
    return client;
  }

  /** The next join that this has not returned yet. Time passes on `clock` until it comes. */
  async nextJoin(clock = new FakeClock()): Promise<Join> {
    await advanceUntil(clock, () => this.joins.length > this.#joinsSeen, "a join");
    return this.joins[this.#joinsSeen++] as Join;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isUp = false;
    // Otherwise they would connect again, even to a later test's server on the same port.
    // It takes 150 ms until they know that they are closed, so nothing waits for that.
    for (const client of this.#clients) void client.disconnect();
    for (const socket of this.sockets) socket.close();
    await until(() => this.sockets.size === 0, "all sockets are closed");
    await this.#server[Symbol.asyncDispose]();
  }

  #upgrade(request: Request): Response {
    if (!this.isUp) return new Response(null, { status: 503 });
    const { socket, response } = Deno.upgradeWebSocket(request);
    this.sockets.add(socket);
    socket.onclose = () => void this.sockets.delete(socket);
    socket.onmessage = ({ data }) => {
      const [joinRef, ref, topic, event, payload] = JSON.parse(data);
      if (event === "phx_join") {
        const refs = { join: joinRef, message: ref };
        this.joins.push(new Join(topic, payload, socket, refs));
        return;
      }
      if (event === "phx_leave") this.leaves.push(topic);
      socket.send(
        JSON.stringify([joinRef, ref, topic, "phx_reply", { status: "ok", response: {} }]),
      );
    };
    return response;
  }
}
