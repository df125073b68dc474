import { deadline } from "../support/deadline.ts";

/** A WebSocket to the local Realtime that keeps every frame. */
export interface RawSocket extends AsyncDisposable {
  send(frame: string | Uint8Array<ArrayBuffer>): void;
  /** The next frame that was not taken yet; fails when none comes. */
  next(): Promise<string | ArrayBuffer>;
  /** All that was not taken and comes before the answer to a heartbeat that is sent now. */
  rest(): Promise<(string | ArrayBuffer)[]>;
  /** The code of the close, once closed. */
  readonly closed: Promise<number>;
  close(): Promise<void>;
}

/** Opens a socket; rejects when the upgrade is refused. */
export async function openRawSocket(
  url: string,
  { apikey, vsn = "2.0.0" }: { apikey: string; vsn?: string },
): Promise<RawSocket> {
  const address = url.replace(/^http/, "ws") + "/realtime/v1/websocket";
  const socket = new WebSocket(`${address}?apikey=${encodeURIComponent(apikey)}&vsn=${vsn}`);
  socket.binaryType = "arraybuffer";
  const pending: (string | ArrayBuffer)[] = [];
  let arrived = Promise.withResolvers<void>();
  socket.onmessage = ({ data }) => {
    pending.push(data);
    arrived.resolve();
    arrived = Promise.withResolvers();
  };
  const closed = Promise.withResolvers<number>();
  const opened = Promise.withResolvers<void>();
  socket.onopen = () => opened.resolve();
  socket.onerror = (event) => opened.reject(new Error((event as ErrorEvent).message));
  socket.onclose = ({ code }) => closed.resolve(code);
  await opened.promise;

  async function next(): Promise<string | ArrayBuffer> {
    while (pending.length === 0) await deadline(arrived.promise, "frame");
    return pending.shift()!;
  }

  async function rest(): Promise<(string | ArrayBuffer)[]> {
    const frames = [];
    const heartbeat = { topic: "phoenix", event: "heartbeat", payload: {}, ref: "rest" };
    const array = [null, heartbeat.ref, heartbeat.topic, heartbeat.event, heartbeat.payload];
    socket.send(JSON.stringify(vsn === "2.0.0" ? array : heartbeat));
    for (;;) {
      const frame = await next();
      if (typeof frame === "string" && frame.includes('"rest"')) return frames;
      frames.push(frame);
    }
  }

  async function close(): Promise<void> {
    socket.close();
    await closed.promise;
  }
  return {
    send: (frame) => socket.send(frame),
    next,
    rest,
    closed: closed.promise,
    close,
    [Symbol.asyncDispose]: close,
  };
}
