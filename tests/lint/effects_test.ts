import assert from "node:assert/strict";
import { effects } from "../../lint/effects.ts";
import { runRule } from "./run_rule.ts";

const FUNCTION = "supabase/functions/file-events";

/** The effects that the rule finds in a file of the function. */
function effectsIn(source: string): string[] {
  return runRule(effects, `${FUNCTION}/stream/merge.ts`, source)
    .map((message) => message.match(/^(?:Take|Write) (\S+)/)![1]!);
}

const FORBIDDEN: [source: string, ...effects: string[]][] = [
  // Each effect.
  ["Deno.env.get('X')", "Deno"],
  ["process.env.X", "process"],
  ["fetch(url)", "fetch"],
  ["new WebSocket(url)", "WebSocket"],
  ["new EventSource(url)", "EventSource"],
  ["console.log(1)", "console"],
  ["performance.now()", "performance"],
  ["new Worker(url)", "Worker"],
  ["new WebSocketStream(url)", "WebSocketStream"],
  ["new XMLHttpRequest()", "XMLHttpRequest"],
  ["new BroadcastChannel(name)", "BroadcastChannel"],
  ["new MessageChannel()", "MessageChannel"],
  ["document.hidden", "document"],
  ["navigator.onLine", "navigator"],
  ["location.href", "location"],
  ["indexedDB.open(name)", "indexedDB"],
  ["addEventListener('online', run)", "addEventListener"],
  ["removeEventListener('online', run)", "removeEventListener"],
  ["requestAnimationFrame(run)", "requestAnimationFrame"],
  ["requestIdleCallback(run)", "requestIdleCallback"],
  ["localStorage.clear()", "localStorage"],
  ["sessionStorage.clear()", "sessionStorage"],
  ["setTimeout(run, 1)", "setTimeout"],
  ["setInterval(run, 1)", "setInterval"],
  ["setImmediate(run)", "setImmediate"],
  ["AbortSignal.timeout(1)", "AbortSignal.timeout"],
  ["Date.now()", "Date.now"],
  ["new Date()", "new"],
  ["new Date", "new"],
  ["Date()", "Date()"],
  ["Temporal.Now.instant()", "Temporal.Now"],
  ["Math.random()", "Math.random"],
  ["crypto.randomUUID()", "crypto.randomUUID"],
  ["crypto.getRandomValues(bytes)", "crypto.getRandomValues"],
  // By the global object.
  ["globalThis.fetch(url)", "fetch"],
  ["globalThis?.fetch?.(url)", "fetch"],
  ["globalThis['fetch'](url)", "fetch"],
  ["globalThis[`fetch`](url)", "fetch"],
  ["self.setTimeout(run, 1)", "setTimeout"],
  ["globalThis.self.Deno", "Deno"],
  ["globalThis.Math.random()", "Math.random"],
  ["new globalThis.Date()", "new"],
  ["globalThis[name]", "globalThis.…"],
  ["Math[name]()", "Math.…"],
  // By destructuring.
  ["const { random } = Math", "Math.random"],
  ["const { random: draw } = Math", "Math.random"],
  ["const { 'random': draw } = Math", "Math.random"],
  ["const { random = half } = Math", "Math.random"],
  ["const { floor, ...others } = Math", "Math.…"],
  ["const { [name]: draw } = Math", "Math.…"],
  ["const { env } = Deno", "Deno"],
  ["const { fetch, setTimeout: after } = globalThis", "fetch", "setTimeout"],
  ["const { Math: numbers } = globalThis", "Math.…"],
  ["const { Math: { random } } = globalThis", "Math.…"],
  ["let random; ({ random } = Math)", "Math.…"],
  ["function draw({ random } = Math) {}", "Math.…"],
  // By another name.
  ["const wait = setTimeout", "setTimeout"],
  ["const draw = Math.random", "Math.random"],
  ["const numbers = Math", "Math.…"],
  ["const world = globalThis", "globalThis.…"],
  ["const world = globalThis as any", "globalThis.…"],
  ["(Math as any).random()", "Math.…"],
  ["(Math satisfies object).random()", "Math.…"],
  ["(<any>Math).random()", "Math.…"],
  ["Math!.random()", "Math.…"],
  ["const wait = setTimeout<[]>", "setTimeout"],
  ["let numbers; numbers = Math", "Math.…"],
  ["createMerge(Math)", "Math.…"],
  ["createMerge({ fetch })", "fetch"],
  ["createMerge({ [Math.random()]: 1 })", "Math.random"],
  ["export default fetch", "fetch"],
  ["class Moment extends Date {}", "Date.…"],
  ["Reflect.construct(Date, [])", "Date.…"],
  // As a default, in each kind of member.
  ["function draw(random = Math.random) {}", "Math.random"],
  ["const draw = ({ now = Date.now }) => now()", "Date.now"],
  ["class Merge { random = Math.random }", "Math.random"],
  ["class Merge { draw = fetch }", "fetch"],
  ["class Merge { static { setTimeout(run) } }", "setTimeout"],
  // A declaration elsewhere does not count.
  ["function one(fetch) {} fetch(url)", "fetch"],
  ["{ const fetch = 1; } fetch(url)", "fetch"],
  ["type fetch = 1; fetch(url)", "fetch"],
  ["class Merge { fetch() { fetch(url) } }", "fetch"],
];

for (const [source, ...expected] of FORBIDDEN) {
  Deno.test(`effects forbids ${source}`, () => assert.deepEqual(effectsIn(source), expected));
}

const ALLOWED = [
  // A name that is declared here.
  "import { fetch } from './fetch.ts'; fetch(url)",
  "import fetch from './fetch.ts'; fetch(url)",
  "const load = (fetch) => fetch(url)",
  "function load({ fetch }) { return () => fetch(url) }",
  "function load({ fetch: { call: fetch } }) { fetch(url) }",
  "function load([fetch = 1, ...setTimeout]) { fetch(setTimeout) }",
  "class Merge { constructor(private fetch: Fetch) { fetch(url) } }",
  "const fetch = 1; export const load = () => fetch",
  "export function setTimeout() {} setTimeout()",
  "export default function setTimeout() {} setTimeout()",
  "for (const fetch of all) fetch(url)",
  "for (const fetch in all) fetch(url)",
  "class fetch {} new fetch()",
  "enum fetch {} fetch",
  "import { fetch as load } from './load.ts'; load(url)",
  "const load = 1; export { load as fetch }; export { setTimeout } from './timers.ts'",
  "for (let process = 0; process < 1; process++) {}",
  "try {} catch (process) { process.exit }",
  "switch (1) { case 1: const fetch = 1; fetch }",
  "(class fetch { static load = fetch })",
  // A name that is a member's, a label's or a type's.
  "clock.now(); random.random(); clock.setTimeout(run, 1); this.fetch(url)",
  "class Merge { setTimeout() {} now = 1; static fetch = 2; get random() { return 1 } }",
  "const clock = { now() {}, setTimeout: run, fetch: load }",
  "const { fetch: load } = options",
  "interface Clock { now(): number; setTimeout(run: () => void): void; fetch: 1 }",
  "fetch: for (;;) { if (load()) continue fetch; break fetch; }",
  "const load: typeof globalThis.fetch = given",
  "const load: typeof fetch = given",
  "function load(given: typeof globalThis.fetch): typeof fetch { return given }",
  "type Load = (fetch: string, { setTimeout }: Options) => Date",
  "type Load = ([fetch]: string[], ...setTimeout: string[]) => Date",
  "type Wait = ReturnType<typeof setTimeout>",
  "type Random = Pick<typeof Math, 'random'>",
  "enum Kind { fetch = 1 }",
  // What is no effect.
  "new Date(0); new Date('2026-11-25'); Date.parse(text); Date.UTC(2026, 1)",
  "Math.max(1, 2); Math.floor(1.5); const { max, min } = Math",
  "AbortSignal.any([signal]); AbortSignal.abort(); new AbortController()",
  "crypto.subtle.digest('SHA-256', bytes)",
  "value instanceof Date; typeof crypto",
  "queueMicrotask(run); structuredClone(value); new TransformStream()",
  "globalThis.structuredClone(value); new globalThis.Date(0); globalThis.Math.max(1, 2)",
  "constructor; toString; hasOwnProperty",
];

for (const source of ALLOWED) {
  Deno.test(`effects allows ${source}`, () => assert.deepEqual(effectsIn(source), []));
}

const JUDGED = [`${FUNCTION}/handler.ts`, `${FUNCTION}/auth/index.ts`]
  .concat(["client/file_events.ts", "client/stream/web_environment.ts"]);
const NOT_JUDGED = [`${FUNCTION}/index.ts`, `${FUNCTION}/system_clock.ts`]
  .concat(["client/web_environment.ts", "client/web_clock.ts", "local/timers.ts"]);

Deno.test("effects judges function and client, without the files that pass effects in", () => {
  const run = (path: string) => runRule(effects, path, "setTimeout(run, 1);").length;
  for (const path of JUDGED) assert.equal(run(path), 1, path);
  for (const path of NOT_JUDGED) assert.equal(run(path), 0, path);
});

const ADVICE = [[`${FUNCTION}/handler.ts`, "index.ts"], ["client/list.ts", "web_environment.ts"]];

for (const [path, root] of ADVICE) {
  Deno.test(`effects says what to do instead in ${path}`, () => {
    const [message] = runRule(effects, path!, "Math.random()");
    assert.equal(message, `Take Math.random as a parameter, which ${root} passes in.`);
  });
}
