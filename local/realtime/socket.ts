import { type Channel, type ChannelSink, joinChannel } from "./channel.ts";
import { decode, encode, encodeBroadcast, type Message, type Version } from "./protocol.ts";
import type { RealtimeServer } from "./server.ts";
import { createTimers } from "../timers.ts";
import { TokenRefused } from "./token.ts";

/** One client's WebSocket with its channels. */
export interface RealtimeSocket {
  readonly channels: ReadonlyMap<string, { channel: Channel }>;
  /** Ends socket and channels; what the client still sends is ignored. */
  close(): void;
}

interface Place {
  channel: Channel;
  sink: ChannelSink;
}

/** Serves an accepted WebSocket; `token` is the API key that it came with. */
export function serveSocket(
  webSocket: WebSocket,
  { server, version, token, onClose }: {
    server: RealtimeServer;
    version: Version;
    token: string;
    onClose: () => void;
  },
): RealtimeSocket {
  const { options } = server;
  const channels = new Map<string, Place>();
  const timers = createTimers();
  let handled = Promise.resolve();
  let held: (string | Uint8Array<ArrayBuffer>)[] | undefined;
  let cancelIdle = () => {};

  function send(frame: string | Uint8Array<ArrayBuffer>): void {
    if (held) held.push(frame);
    else if (webSocket.readyState === WebSocket.OPEN) webSocket.send(frame);
  }

  /** Whatever channels send while a join is being decided waits until after its reply. */
  function release(): void {
    const frames = held ?? [];
    held = undefined;
    frames.forEach(send);
  }

  function reply(message: Message, status: "ok" | "error", response: unknown): void {
    const { joinRef, ref, topic } = message;
    const payload = JSON.stringify({ status, response });
    const frame = encode({ joinRef, ref, topic, event: "phx_reply", payload }, version);
    if (webSocket.readyState === WebSocket.OPEN) webSocket.send(frame);
  }

  function createSink({ topic, joinRef, ref: joinMessageRef }: Message): ChannelSink {
    const sink: ChannelSink = {
      push: (event, payload, { ref = null } = {}) =>
        send(encode({ joinRef, ref, topic, event, payload: JSON.stringify(payload) }, version)),
      pushRaw: (event, payload) =>
        send(encode({ joinRef: null, ref: null, topic, event, payload }, version)),
      pushBroadcast: (broadcast) => send(encodeBroadcast(broadcast, version)),
      closed() {
        if (channels.get(topic)?.sink === sink) channels.delete(topic);
        const close = { joinRef, ref: joinMessageRef, topic, event: "phx_close", payload: "{}" };
        send(encode(close, version));
      },
    };
    return sink;
  }

  async function join(message: Message): Promise<void> {
    held = [];
    const sink = createSink(message);
    try {
      admit(message);
      const channel = await joinChannel(message, { server, socketToken: token, sink });
      await timers.wait(server.warmUp.left("replyMs"));
      reply(message, "ok", channel.response);
      const previous = channels.get(message.topic);
      channels.set(message.topic, { channel, sink });
      previous?.channel.close();
      previous?.sink.closed();
      if (webSocket.readyState === WebSocket.OPEN) channel.start();
      else channel.close();
    } catch (refused) {
      if (!(refused instanceof TokenRefused)) throw refused;
      await timers.wait(options.refusedJoinMs);
      reply(message, "error", { reason: `${refused.code}: ${refused.message}` });
      if (refused.code === "ClientJoinRateLimitReached") webSocket.close();
    } finally {
      release();
    }
  }

  function admit({ topic }: Message): void {
    if (topic === "realtime:") {
      throw new TokenRefused("TopicNameRequired", "You must provide a topic name");
    }
    if (!server.admitsJoin()) {
      throw new TokenRefused("ClientJoinRateLimitReached", "Too many joins per second");
    }
    if (!channels.has(topic) && channels.size >= options.maxChannelsPerSocket) {
      throw new TokenRefused("ChannelRateLimitReached", "Too many channels");
    }
  }

  function leave(message: Message, place: Place | undefined): void {
    place?.channel.close();
    reply(message, "ok", {});
    place?.sink.closed();
  }

  async function handle(frame: string | ArrayBuffer): Promise<void> {
    const message = decode(frame, version);
    const place = channels.get(message.topic);
    if (message.topic === "phoenix" && message.event === "heartbeat") {
      reply(message, "ok", {});
    } else if (message.event === "phx_join" && message.topic.startsWith("realtime:")) {
      await join(message);
    } else if (message.event === "phx_leave") {
      leave(message, place);
    } else if (place) {
      await place.channel.receive(message);
    } else {
      reply({ ...message, joinRef: null }, "error", { reason: "unmatched topic" });
    }
  }

  function watchIdle(): void {
    cancelIdle();
    cancelIdle = timers.after(options.idleMs, () => webSocket.close(1000));
  }

  function close(): void {
    timers.clear();
    for (const { channel } of channels.values()) channel.close();
    channels.clear();
    if (webSocket.readyState <= WebSocket.OPEN) webSocket.close();
  }

  webSocket.binaryType = "arraybuffer";
  webSocket.onopen = watchIdle;
  webSocket.onmessage = ({ data }) => {
    watchIdle();
    handled = handled.then(async () => {
      if (webSocket.readyState === WebSocket.OPEN) await handle(data);
    }).catch((error) => {
      // What isn't JSON is ignored; JSON that is no message costs the client its connection, nothing
      // else.
      if (error instanceof TypeError) webSocket.close();
      else if (!(error instanceof SyntaxError)) throw error;
    });
    server.background(handled);
  };
  webSocket.onclose = () => {
    close();
    onClose();
  };
  return { channels, close };
}
