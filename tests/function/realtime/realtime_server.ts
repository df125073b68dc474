import { realtimeUrl } from "../../../supabase/functions/file-events/realtime/realtime_url.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { serveHttp } from "../../support/http_server.ts";
import { until } from "../../support/until.ts";
import { advanceUntil } from "./advance_until.ts";

/** A test with a Realtime server. */
export function testWithServer(name: string, fn: (server: RealtimeServer) => Promise<void>): void {
  Deno.test(name, async () => {
    await using server = new RealtimeServer();
    await fn(server);
  });
}

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
    postgres_changes?: PostgresChangesFilter[];
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

  /** Answers ok. */
  accept(): void {
    const filters = this.payload.config.postgres_changes ?? [];
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
    const ids = (this.payload.config.postgres_changes ?? []).flatMap((filter, n) =>
      filter.table === table ? [n + 1] : []
    );
    this.#send("postgres_changes", { data, ids });
  }

  broadcast(event: string, payload: unknown): void {
    this.#send("broadcast", { type: "broadcast", event, payload });
  }

  /** The channel's process on the server has crashed; the socket lives. */
  crash(): void {
    this.#send("phx_error", {}, this.refs.join);
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
  readonly #webSockets: WebSocket[] = [];
  #joinsSeen = 0;
  /** Whether it accepts sockets. */
  isUp = true;

  get url(): string {
    return this.#server.url;
  }

  /** Makes a client's socket to this server, or to another URL, that ends with the server. */
  createWebSocket(url = this.url): WebSocket {
    const webSocket = new WebSocket(realtimeUrl(url, "sb_publishable_test"));
    this.#webSockets.push(webSocket);
    return webSocket;
  }

  /** The next join that this has not returned yet. Time passes on `clock` until it comes. */
  async nextJoin(clock = new FakeClock()): Promise<Join> {
    await advanceUntil(clock, () => this.joins.length > this.#joinsSeen, "a join");
    return this.joins[this.#joinsSeen++] as Join;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isUp = false;
    for (const webSocket of this.#webSockets) webSocket.close();
    for (const socket of this.sockets) socket.close();
    const ends = () => [...this.#webSockets, ...this.sockets];
    await until(
      () => ends().every(({ readyState }) => readyState === WebSocket.CLOSED),
      "all sockets are closed",
    );
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
