/**
 * What the function adds to Realtime's own latency: the time from a change's arrival at a direct
 * supabase-js subscriber to its arrival as an event of the stream, in the same run, for both
 * sources: `deno run -A -c deno.tests.json bench/latency.ts [changes] [runs]`
 *
 * Both are read by this process; the function has one of its own, Supabase a thread. The function
 * is called without a gateway.
 */
import { createClient } from "@supabase/supabase-js";
import { publishableKey } from "../local/api_keys.ts";
import type { SourceName } from "../supabase/functions/file-events/config.ts";
import { broadcastSource } from "../supabase/functions/file-events/realtime/broadcast_source.ts";
import { postgresChangesSource } from "../supabase/functions/file-events/realtime/postgres_changes_source.ts";
import { lines } from "../local/lines.ts";
import { mintToken } from "../local/mint_token.ts";
import { functionEnvironment } from "./function_environment.ts";
import { startFunctionVariant } from "./function_variant.ts";
import { print } from "./print.ts";
import { startStackThread } from "./stack_thread.ts";
import { median, quantile } from "./statistics.ts";

interface Measurement {
  /** Milliseconds from the commit to the direct subscriber. */
  direct: number[];
  /** Milliseconds from there to the stream's client. */
  added: number[];
}

const changes = Number(Deno.args[0] ?? 500);
const runs = Number(Deno.args[1] ?? 5);
const WARM_UP = 50;

const sources = { broadcast: broadcastSource, postgres_changes: postgresChangesSource };
const now = () => performance.timeOrigin + performance.now();

using stack = await startStackThread();
print(`${runs} runs of ${changes} changes, one after another; milliseconds`);
for (const name of ["broadcast", "postgres_changes"] as const) {
  const measurements: Measurement[] = [];
  for (let run = 0; run < runs; run++) measurements.push(await measure(name));
  const of = (read: (it: Measurement) => number[]) =>
    [0.5, 0.99].map((q) => median(measurements.map((it) => quantile(read(it), q))).toFixed(2));
  const [direct, directP99] = of((it) => it.direct);
  const [added, addedP99] = of((it) => it.added);
  print(`${name}: commit to a direct subscriber: median ${direct}, p99 ${directP99}`);
  print(`${name}: added by the function: median ${added}, p99 ${addedP99}`);
}

async function measure(name: SourceName): Promise<Measurement> {
  await using cleanup = new AsyncDisposableStack();
  const { rows: [user] } = await stack.query<{ id: string }>(
    "insert into auth.users (id) values (gen_random_uuid()) returning id",
  );
  const userId = user!.id;
  const token = await mintToken(userId);
  await stack.query(
    "insert into files (user_id, filename, file_type) values ($1, 'file', 'text/plain')",
    [userId],
  );

  let onDirect = (_revision: number) => {};
  const supabase = createClient(stack.url, publishableKey, {
    accessToken: () => Promise.resolve(token),
  });
  await supabase.realtime.setAuth();
  const source = sources[name];
  const channel = supabase.channel(source.topic(userId), source.options);
  source.listen(channel, userId, (message) => {
    if (message.kind === "change") onDirect(message.change.revision);
  });
  const live = Promise.withResolvers<void>();
  channel.on("system", {}, (system) => source.confirms(system) && live.resolve()).subscribe();
  await live.promise;
  cleanup.defer(async () => void await supabase.realtime.disconnect());
  cleanup.defer(async () => void await supabase.removeChannel(channel));

  const environment = functionEnvironment(stack.url, { FILE_EVENTS_SOURCE: name });
  const running = cleanup.use(await startFunctionVariant("pooled", environment));
  const response = await fetch(running.url, { headers: { authorization: `Bearer ${token}` } });
  const events = eventTypes(response.body!);
  cleanup.defer(async () => void await events.return(undefined));
  const next = async (eventType: string) => {
    for (;;) {
      const { value, done } = await events.next();
      if (done) throw new Error(`The stream ended before ${eventType}`);
      if (value === eventType) return now();
    }
  };
  await next("ready");
  await channelsJoined(2);

  const direct: number[] = [];
  const added: number[] = [];
  for (let n = 0; n < WARM_UP + changes; n++) {
    const heard = new Promise<number>((resolve) => onDirect = () => resolve(now()));
    const read = next("file-update");
    const { at } = await stack.query(
      "update files set progress = $2 where user_id = $1",
      [userId, (n + 1) % 101],
    );
    const [heardAt, readAt] = await Promise.all([heard, read]);
    if (n < WARM_UP) continue;
    direct.push(heardAt - at);
    added.push(readAt - heardAt);
  }
  return { direct, added };
}

/** The types of a stream's events, as they arrive. */
async function* eventTypes(body: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string> {
  for await (const line of body.pipeThrough(new TextDecoderStream()).pipeThrough(lines())) {
    if (line.startsWith("data: ")) yield JSON.parse(line.slice("data: ".length)).eventType;
  }
}

async function channelsJoined(count: number): Promise<void> {
  for (;;) {
    const { channels } = await (await fetch(`${stack.url}/_local/realtime`)).json();
    if (channels === count) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
