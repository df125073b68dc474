/**
 * A worker that stands in for Supabase and answers at once, without a database: all tokens are good,
 * nothing has changed, and joins are accepted. So a benchmark measures the function alone.
 */
const parent = self as unknown as Pick<Worker, "postMessage">;
let sockets = 0;
let channels = 0;

/** An empty page, as `file_changes_since` returns it to a client without a cursor. */
const page = JSON.stringify({
  cursor: "0".repeat(32) + ".1",
  covers: ["1"],
  revision: 0,
  reset: true,
  more: false,
  current: true,
  files: [],
  deletions: [],
});
const json = { "content-type": "application/json" };

function serveRealtime(request: Request): Response {
  const { socket, response } = Deno.upgradeWebSocket(request);
  let joined = 0;
  const join = (change: number) => {
    joined += change;
    channels += change;
  };
  socket.onopen = () => void sockets++;
  socket.onclose = () => {
    sockets--;
    join(-joined);
  };
  socket.onmessage = ({ data }) => {
    const [joinRef, ref, topic, event] = JSON.parse(data);
    const send = (event: string, payload: unknown) =>
      socket.send(JSON.stringify([joinRef, ref, topic, event, payload]));
    send("phx_reply", { status: "ok", response: { postgres_changes: [] } });
    if (event === "phx_leave") join(-1);
    if (event !== "phx_join") return;
    join(1);
    const confirmation = { status: "ok", extension: "system", message: "", channel: topic };
    send("system", confirmation);
  };
  return response;
}

Deno.serve({
  hostname: "127.0.0.1",
  port: 0,
  onListen: ({ port }) => parent.postMessage(`http://127.0.0.1:${port}`),
}, (request) => {
  const { pathname } = new URL(request.url);
  switch (pathname) {
    case "/realtime/v1/websocket":
      return serveRealtime(request);
    case "/rest/v1/rpc/file_changes_since":
      return new Response(page, { headers: json });
    case "/auth/v1/user":
      return new Response(`{"id":"${crypto.randomUUID()}"}`, { headers: json });
    case "/_local/realtime":
      return Response.json({ sockets, channels });
    default:
      return new Response(null, { status: 404 });
  }
});
