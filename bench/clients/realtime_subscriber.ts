import type { User } from "../stand_in/users.ts";

/** A direct subscriber of Realtime's broadcasts, with one socket and no library. */
export interface RealtimeSubscriber extends Disposable {
  /** Milliseconds from emission to receipt, of the changes received since the last call. */
  takeLatencies(): number[];
}

const decoder = new TextDecoder();

export async function subscribeToRealtime(
  url: string,
  users: readonly User[],
): Promise<RealtimeSubscriber> {
  const socket = new WebSocket(`${url.replace("http", "ws")}/realtime/v1/websocket?vsn=2.0.0`);
  socket.binaryType = "arraybuffer";
  let latencies: number[] = [];
  let confirmed = 0;
  const joined = Promise.withResolvers<void>();
  socket.onmessage = ({ data }) => {
    const at = performance.timeOrigin + performance.now();
    const text = typeof data === "string" ? data : decoder.decode(data);
    const emittedAt = /"processing_stage":"at ([\d.]+)"/.exec(text)?.[1];
    if (emittedAt) latencies.push(at - Number(emittedAt));
    else if (text.includes('"system"') && ++confirmed === users.length) joined.resolve();
  };
  socket.onopen = () => {
    for (const [n, { id, tokens }] of users.entries()) {
      const payload = { config: { private: true, broadcast: {} }, access_token: tokens.ES256 };
      const ref = String(n);
      socket.send(JSON.stringify([ref, ref, `realtime:files:${id}`, "phx_join", payload]));
    }
  };
  await joined.promise;
  return {
    takeLatencies() {
      const taken = latencies;
      latencies = [];
      return taken;
    },
    [Symbol.dispose]: () => socket.close(),
  };
}
