/**
 * What 1,000 streams of 1,000 users cost one process of the function: sockets, memory, CPU, and
 * time to `ready`. On Linux: `deno run -A -c deno.tests.json bench/streams.ts [streams] [runs]`
 *
 * First with a Supabase that answers at once, pooled and with a client per stream, then on the
 * embedded one.
 */
import { mintToken } from "../local/mint_token.ts";
import { functionEnvironment } from "./function_environment.ts";
import { type FunctionVariant, type Pooling, startFunctionVariant } from "./function_variant.ts";
import { print } from "./print.ts";
import { startStackThread } from "./stack_thread.ts";
import { median, quantile } from "./statistics.ts";

const streams = Number(Deno.args[0] ?? 1_000);
const runs = Number(Deno.args[1] ?? 3);
/** Opened one by one; the others 50 at a time: the function verifies at most 100 tokens at once. */
const ONE_BY_ONE = Math.min(100, streams >> 1);
const AT_A_TIME = 50;
/** What Linux counts CPU time in, unless somebody has built it otherwise. */
const TICKS_PER_SECOND = 100;

interface Measurement {
  sockets: number;
  kilobytesPerStream: number;
  cpuMsPerStream: number;
  /** Milliseconds to `ready`, of the streams opened one by one and of the others. */
  alone: number[];
  crowded: number[];
}

await using cleanup = new AsyncDisposableStack();
const instant = new Worker(import.meta.resolve("./instant_supabase.ts"), { type: "module" });
cleanup.defer(() => instant.terminate());
const instantUrl = await new Promise<string>((resolve) => {
  instant.onmessage = ({ data }) => resolve(data);
});
const userIds = Array.from({ length: streams }, () => crypto.randomUUID());
const tokens = await Promise.all(userIds.map((id) => mintToken(id)));

await compare("Supabase that answers at once", instantUrl, ["pooled", "one client per stream"]);
{
  using stack = await startStackThread();
  await stack.query("insert into auth.users (id) select unnest($1::uuid[])", [userIds]);
  await compare("embedded Supabase", stack.url, ["pooled"]);
}

async function compare(name: string, url: string, poolings: Pooling[]): Promise<void> {
  const results = new Map<Pooling, Measurement[]>(poolings.map((pooling) => [pooling, []]));
  for (let run = 0; run < runs; run++) {
    for (const pooling of poolings) results.get(pooling)!.push(await measure(url, pooling));
  }
  print(`\n${name}: ${streams} streams, median of ${runs} runs`);
  for (const [pooling, measurements] of results) {
    const of = (read: (it: Measurement) => number) => median(measurements.map(read));
    print(`  ${pooling}:`);
    print(`    sockets ${of((it) => it.sockets)}`);
    print(`    memory ${of((it) => it.kilobytesPerStream).toFixed(0)} kB a stream`);
    print(`    CPU ${of((it) => it.cpuMsPerStream).toFixed(1)} ms a stream, opening and joining`);
    for (const which of ["alone", "crowded"] as const) {
      const [p50, p99] = [0.5, 0.99].map((q) => of((it) => quantile(it[which], q)).toFixed(1));
      const how = which === "alone" ? "one by one" : `${AT_A_TIME} at a time`;
      print(`    ready, ${how}: median ${p50} ms, p99 ${p99} ms`);
    }
  }
}

async function measure(url: string, pooling: Pooling): Promise<Measurement> {
  await using running = await startFunctionVariant(pooling, functionEnvironment(url));
  const leave = new AbortController();
  const open = (token: string) => openStream(running.url, token, leave.signal);
  await open(tokens[0]!); // warms up; what follows is measured
  const before = await usage(running);
  const alone: number[] = [];
  for (const token of tokens.slice(1, ONE_BY_ONE)) alone.push(await open(token));
  const waiting = tokens.slice(ONE_BY_ONE);
  const crowded: number[] = [];
  await Promise.all(Array.from({ length: AT_A_TIME }, async () => {
    for (let token = waiting.pop(); token; token = waiting.pop()) crowded.push(await open(token));
  }));
  const sockets = await allJoined(url);
  const after = await usage(running);
  leave.abort();
  return {
    sockets,
    kilobytesPerStream: (after.kilobytes - before.kilobytes) / (streams - 1),
    cpuMsPerStream: (after.cpuMs - before.cpuMs) / (streams - 1),
    alone,
    crowded,
  };
}

/** Opens a stream and leaves it open. @returns Milliseconds to `ready`. */
async function openStream(url: string, token: string, signal: AbortSignal): Promise<number> {
  const began = performance.now();
  const response = await fetch(url, { headers: { authorization: `Bearer ${token}` }, signal });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  for (let text = ""; !text.includes('"eventType":"ready"');) {
    const { value, done } = await reader.read();
    if (done) throw new Error(`The stream ended: ${text}`);
    text += value;
  }
  const taken = performance.now() - began;
  // What still comes is read, until the streams are left.
  (async () => {
    while (!(await reader.read()).done);
  })().catch((error) => {
    if (!signal.aborted) throw error;
  });
  return taken;
}

/** Waits until every stream has its channel. @returns The sockets they use. */
async function allJoined(url: string): Promise<number> {
  for (;;) {
    const counts = await (await fetch(`${url}/_local/realtime`)).json();
    if (counts.channels === streams) return counts.sockets;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

async function usage({ pid }: FunctionVariant): Promise<{ kilobytes: number; cpuMs: number }> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
  // User and system time; the name before them may hold spaces.
  const [user, system] = stat.slice(stat.lastIndexOf(")") + 2).split(" ").slice(11, 13);
  return {
    kilobytes: Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]),
    cpuMs: (Number(user) + Number(system)) * 1000 / TICKS_PER_SECOND,
  };
}
