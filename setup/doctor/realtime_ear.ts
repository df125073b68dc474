import {
  decodeFrame,
  encodeFrame,
  type Frame,
} from "../../supabase/functions/file-events/realtime/frame.ts";
import { realtimeUrl } from "../../supabase/functions/file-events/realtime/realtime_url.ts";
import { createSignalBell } from "./signal_bell.ts";

/** A broadcast on the topic. */
export interface Heard {
  /** The file that the message carries. */
  readonly fileId?: string;
  /** The transaction whose changes a message without a file announces. */
  readonly changedIn?: string;
}

/** A topic of Realtime that the doctor has joined in the user's name. */
export interface RealtimeEar {
  readonly heard: readonly Heard[];
  /**
   * Whether a message that fulfils `predicate` is heard in time.
   *
   * @param options.position How many messages are not meant, because they were heard before.
   */
  hears(
    predicate: (heard: Heard) => boolean,
    options: { position: number; milliseconds: number },
  ): Promise<boolean>;
  close(): void;
}

export type Joining =
  | { readonly kind: "joined"; readonly ear: RealtimeEar }
  /** There is no connection, or no answer to the join. */
  | { readonly kind: "unreachable"; readonly detail: string }
  | { readonly kind: "refused"; readonly reason: string };

export interface JoinOptions {
  readonly url: string;
  readonly key: string;
  readonly token: string;
  readonly userId: string;
  readonly openWebSocket: (url: string) => Promise<WebSocket>;
  readonly timeoutMs: number;
  /** Asks for the messages since then too, in milliseconds since the Unix epoch. */
  readonly replaySince?: number;
  readonly signal: AbortSignal;
}

/** The messages that a server replays at most. */
const MAX_REPLAYED = 25;

/** Joins the private topic `files:<user id>`, as the function does. */
export async function joinRealtime(options: JoinOptions): Promise<Joining> {
  const { url, key, token, userId, timeoutMs, signal } = options;
  const topic = `realtime:files:${userId}`;
  const bell = createSignalBell(signal);
  const heard: Heard[] = [];
  let state: "connecting" | "open" | "lost" = "connecting";
  let reply: { status: string; reason: string } | undefined;
  let isConfirmed = false;

  const socket = await options.openWebSocket(realtimeUrl(url, key));
  socket.binaryType = "arraybuffer";
  const close = () => {
    signal.removeEventListener("abort", close);
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.onerror = () => {}; // `ws` would throw what nobody listens to.
    socket.close();
  };
  signal.addEventListener("abort", close, { once: true });
  socket.onopen = () => {
    state = "open";
    const payload = { config: joinConfig(options.replaySince), access_token: token };
    socket.send(encodeFrame({ joinRef: "1", ref: "1", topic, event: "phx_join", payload }));
  };
  socket.onerror = socket.onclose = () => {
    state = "lost";
    bell.ring();
  };
  socket.onmessage = ({ data }) => {
    const frame = decodeFrame(data);
    if (frame?.topic === topic) receive(frame);
    bell.ring();
  };

  function receive({ event, ref, payload }: Frame): void {
    const body = Object(payload) as Record<string, unknown>;
    if (event === "phx_reply" && ref === "1") {
      const { reason } = Object(body.response) as { reason?: unknown };
      reply = { status: String(body.status), reason: String(reason ?? "no reason is given") };
    } else if (event === "system" && body.extension === "system") {
      isConfirmed ||= body.status === "ok";
    } else if (event === "broadcast") {
      heard.push(parseHeard(body.payload));
    }
  }

  /** Waits for `condition`; returns whether it holds. */
  async function until(condition: () => boolean, milliseconds: number): Promise<boolean> {
    const end = performance.now() + milliseconds;
    while (!condition()) {
      const left = end - performance.now();
      if (left <= 0) return false;
      await bell.wait(left);
    }
    return true;
  }

  try {
    await until(() => state === "lost" || reply !== undefined, timeoutMs);
    if (reply === undefined) {
      close();
      const detail = {
        connecting: "no answer",
        open: "no answer to the join",
        lost: "no connection",
      };
      return { kind: "unreachable", detail: detail[state] };
    }
    if (reply.status !== "ok") {
      close();
      return { kind: "refused", reason: reply.reason };
    }
    // Older servers never confirm. What they deliver is heard all the same.
    await until(() => isConfirmed || state === "lost", timeoutMs / 3);
    const hears: RealtimeEar["hears"] = (predicate, { position, milliseconds }) =>
      until(() => heard.slice(position).some(predicate), milliseconds);
    return { kind: "joined", ear: { heard, hears, close } };
  } catch (error) {
    close();
    throw error;
  }
}

function joinConfig(replaySince: number | undefined): unknown {
  return {
    broadcast: {
      ack: false,
      self: false,
      replication_ready: true,
      ...(replaySince !== undefined && { replay: { since: replaySince, limit: MAX_REPLAYED } }),
    },
    presence: { key: "", enabled: false },
    postgres_changes: [],
    private: true,
  };
}

function parseHeard(payload: unknown): Heard {
  const { file, changed_in } = Object(payload) as { file?: { id?: unknown }; changed_in?: unknown };
  return {
    ...(file?.id !== undefined && { fileId: String(file.id) }),
    ...(changed_in !== undefined && { changedIn: String(changed_in) }),
  };
}
