/**
 * The same job with hono's `streamSSE`, as its documentation shows it, and with Supabase's as its
 * documentation shows that: `getClaims`, one client a stream, a private broadcast channel. No
 * snapshot, no resume.
 */
import { createClient } from "@supabase/supabase-js";
import { Hono } from "hono";
import { streamSSE } from "hono/streaming";

const app = new Hono();

app.get("/file-events", async (c) => {
  const token = c.req.header("authorization")?.replace("Bearer ", "") ?? "";
  const supabase = createClient(
    Deno.env.get("SUPABASE_URL")!,
    Deno.env.get("SUPABASE_PUBLISHABLE_KEY")!,
    { auth: { persistSession: false, autoRefreshToken: false } },
  );
  const { data } = await supabase.auth.getClaims(token);
  if (!data) return c.json({ error: "Authentication required" }, 401);
  await supabase.realtime.setAuth(token);
  return streamSSE(c, async (stream) => {
    const send = (event: object) => stream.writeSSE({ data: JSON.stringify(event) });
    const timestamp = () => new Date().toISOString();
    supabase
      .channel(`files:${data.claims.sub}`, { config: { private: true } })
      .on("broadcast", { event: "change" }, ({ payload: { operation, file } }) => {
        const eventType = operation === "delete" ? "file-deleted" : "file-update";
        send({ eventType, timestamp: timestamp(), file });
      })
      .subscribe();
    let isOpen = true;
    stream.onAbort(() => {
      isOpen = false;
      supabase.removeAllChannels();
      supabase.realtime.disconnect();
    });
    while (isOpen) {
      await stream.sleep(30_000);
      await send({ eventType: "heartbeat", timestamp: timestamp() });
    }
  });
});

Deno.serve(app.fetch);
