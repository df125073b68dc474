/**
 * No function at all: the clients listen to Realtime themselves, by supabase-js. What is measured is
 * therefore a process of clients, one supabase-js client a user, and no server.
 */
import { createClient, type SupabaseClient } from "@supabase/supabase-js";

/** What the process can be asked to do. */
export interface DirectCommands {
  open(user: { id: string; token: string }): void;
  /** The latencies of the changes that were received since the last call, in milliseconds. */
  takeLatencies(): number[];
}

const clients: SupabaseClient[] = [];
let latencies: number[] = [];

export const commands: DirectCommands = {
  open(user) {
    // Not awaited, so that many can begin at once.
    listen(user);
  },
  takeLatencies() {
    const taken = latencies;
    latencies = [];
    return taken;
  },
};

async function listen({ id, token }: { id: string; token: string }): Promise<void> {
  const supabase = createClient(
    Deno.env.get("SUPABASE_URL")!,
    Deno.env.get("SUPABASE_PUBLISHABLE_KEY")!,
    { auth: { persistSession: false, autoRefreshToken: false } },
  );
  clients.push(supabase);
  await supabase.realtime.setAuth(token);
  supabase
    .channel(`files:${id}`, { config: { private: true } })
    .on("broadcast", { event: "change" }, ({ payload: { file } }) => {
      const emittedAt = Number(file.processing_stage.slice("at ".length));
      latencies.push(performance.timeOrigin + performance.now() - emittedAt);
    })
    .subscribe();
}
