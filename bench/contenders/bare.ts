/**
 * The limit: what `Deno.serve` and a stream cost by themselves. It authenticates nobody and has no
 * channels. One socket brings the changes of all users, and each is written to its user's stream.
 */
const encoder = new TextEncoder();
const streams = new Map<string, ReadableStreamDefaultController<Uint8Array>>();

const write = (controller: ReadableStreamDefaultController<Uint8Array>, event: object) =>
  controller.enqueue(encoder.encode(`data: ${JSON.stringify(event)}\n\n`));

const changes = new WebSocket(`${Deno.env.get("SUPABASE_URL")!.replace("http", "ws")}/all_changes`);
changes.onmessage = ({ data }: MessageEvent<string>) => {
  const space = data.indexOf(" ");
  const controller = streams.get(data.slice(0, space));
  if (!controller) return;
  const file = JSON.parse(data.slice(space));
  write(controller, { eventType: "file-update", timestamp: new Date().toISOString(), file });
};

Deno.serve((request) => {
  const userId = new URL(request.url).searchParams.get("user")!;
  let heartbeat: ReturnType<typeof setInterval>;
  const stream = new ReadableStream<Uint8Array>({
    start(controller) {
      controller.enqueue(encoder.encode(":\n\n"));
      streams.set(userId, controller);
      heartbeat = setInterval(() => {
        write(controller, { eventType: "heartbeat", timestamp: new Date().toISOString() });
      }, 30_000);
    },
    cancel() {
      clearInterval(heartbeat);
      streams.delete(userId);
    },
  });
  return new Response(stream, { headers: { "content-type": "text/event-stream" } });
});
