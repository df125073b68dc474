/**
 * The endpoint of the plan that this project began with, as it is written there: one supabase-js
 * client and one socket a stream, `postgres_changes`, no snapshot, no resume. Changed only so that it
 * runs:
 *
 * - `Deno.serve` calls it in place of SvelteKit, which gave it `request`.
 * - The user comes from `auth.getUser(token)`, where the plan has `userId = null` and a TODO.
 * - The client is made for each request with the caller's token. The plan imports the client of the
 *   signed-in user.
 * - `cancel` ends the subscription and the heartbeat and closes the client, where the plan only logs.
 * - Its types and its log lines are left out.
 */
import { createClient } from "@supabase/supabase-js";

Deno.serve(async (request) => {
  const token = request.headers.get("authorization")?.replace("Bearer ", "") ?? "";
  const supabase = createClient(
    Deno.env.get("SUPABASE_URL")!,
    Deno.env.get("SUPABASE_PUBLISHABLE_KEY")!,
    {
      global: { headers: { Authorization: `Bearer ${token}` } },
      auth: { persistSession: false, autoRefreshToken: false },
    },
  );
  const { data: { user } } = await supabase.auth.getUser(token);
  if (!user) {
    return new Response(
      'data: {"error":"Authentication required","code":"AUTH_REQUIRED"}\n\n',
      { status: 401, headers: { "Content-Type": "text/event-stream" } },
    );
  }
  await supabase.realtime.setAuth(token);
  const userId = user.id;

  let heartbeatInterval: ReturnType<typeof setInterval>;
  let isClosed = false;
  const stream = new ReadableStream({
    start(controller) {
      const encoder = new TextEncoder();
      const sendEvent = (event: object) => {
        if (isClosed) return;
        const data = JSON.stringify(event);
        const message = `data: ${data}\n\n`;
        try {
          controller.enqueue(encoder.encode(message));
        } catch {
          isClosed = true;
          controller.close();
        }
      };
      const sendHeartbeat = () => {
        sendEvent({ eventType: "heartbeat", timestamp: new Date().toISOString() });
      };
      supabase
        .channel(`files-${userId}`)
        .on(
          "postgres_changes",
          { event: "*", schema: "public", table: "files", filter: `user_id=eq.${userId}` },
          (payload) => {
            if (payload.eventType === "INSERT" || payload.eventType === "UPDATE") {
              sendEvent({
                eventType: "file-update",
                timestamp: new Date().toISOString(),
                file: {
                  id: payload.new.id,
                  filename: payload.new.filename,
                  file_type: payload.new.file_type,
                  status: payload.new.status,
                  progress: payload.new.progress,
                  processing_stage: payload.new.processing_stage,
                  error_message: payload.new.error_message,
                },
              });
            } else if (payload.eventType === "DELETE") {
              sendEvent({
                eventType: "file-deleted",
                timestamp: new Date().toISOString(),
                file: { id: payload.old.id },
              });
            }
          },
        )
        .subscribe();
      heartbeatInterval = setInterval(sendHeartbeat, 30000);
    },
    cancel() {
      isClosed = true;
      clearInterval(heartbeatInterval);
      supabase.removeAllChannels();
      supabase.realtime.disconnect();
    },
  });
  return new Response(stream, {
    status: 200,
    headers: {
      "Content-Type": "text/event-stream",
      "Cache-Control": "no-cache",
      "Connection": "keep-alive",
    },
  });
});
