import { serveHttp } from "./http_server.ts";
import { passOn } from "./pass_on.ts";

/** Answers a request; `pass` hands it on to the stack. */
export type Answer = (
  request: Request,
  pass: (request: Request) => Promise<Response>,
) => Response | Promise<Response>;

/** A Realtime frame on its way to the function; `deliver` hands it on, now or later. */
export type OnFrame = (frame: string, deliver: () => void) => void;

/** Stands between the function and its Supabase project, and breaks what it is told to. */
export interface FaultyUpstream extends AsyncDisposable {
  readonly url: string;
  /** What it stands for; to be set before the first request. */
  target: string;
  answer: Answer;
  /** Binary frames are read as Latin-1. */
  onFrame: OnFrame;
  /** Frames that have reached the function. */
  readonly delivered: string[];
  /** Everything works again. */
  heal(): void;
}

/** Starts a proxy for HTTP and WebSockets that passes everything on. */
export function startFaultyUpstream(): FaultyUpstream {
  const sockets = new Set<WebSocket>();
  const healthy = {
    answer: ((request, pass) => pass(request)) as Answer,
    onFrame: ((_, deliver) => deliver()) as OnFrame,
  };

  const server = serveHttp((request) => {
    const isUpgrade = request.headers.get("upgrade")?.toLowerCase() === "websocket";
    return isUpgrade ? connect(request) : upstream.answer(request, pass);
  });
  const upstream: FaultyUpstream = {
    url: server.url,
    target: "",
    ...healthy,
    delivered: [],
    heal: () => void Object.assign(upstream, healthy),
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.close();
      await server[Symbol.asyncDispose]();
    },
  };

  function pass(request: Request): Promise<Response> {
    return passOn(request, upstream.target);
  }

  async function connect(request: Request): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    const address = new URL(pathname + search, upstream.target.replace(/^http/, "ws"));
    const far = track(new WebSocket(address));
    const early: MessageEvent[] = [];
    far.onmessage = (event) => early.push(event);
    const isOpen = await new Promise<boolean>((resolve) => {
      far.onopen = () => resolve(true);
      far.onerror = far.onclose = () => resolve(false);
    });
    if (!isOpen) return new Response("Realtime refused", { status: 503 });
    const { socket, response } = Deno.upgradeWebSocket(request, { idleTimeout: 0 });
    const near = track(socket);
    near.onopen = () => {
      far.onmessage = ({ data }) => forward(near, data);
      for (const { data } of early) forward(near, data);
    };
    near.onmessage = ({ data }) => {
      if (far.readyState === WebSocket.OPEN) far.send(data);
    };
    near.onerror = far.onerror = () => {};
    near.onclose = () => end(far, near);
    far.onclose = () => end(near, far);
    return response;
  }

  function forward(near: WebSocket, data: string | ArrayBuffer): void {
    const text = typeof data === "string"
      ? data
      : Array.from(new Uint8Array(data), (byte) => String.fromCharCode(byte)).join("");
    upstream.onFrame(text, () => {
      if (near.readyState !== WebSocket.OPEN) return;
      upstream.delivered.push(text);
      near.send(data);
    });
  }

  function track(socket: WebSocket): WebSocket {
    socket.binaryType = "arraybuffer";
    sockets.add(socket);
    return socket;
  }

  function end(other: WebSocket, ended: WebSocket): void {
    sockets.delete(ended);
    if (other.readyState <= WebSocket.OPEN) other.close();
  }
  return upstream;
}
