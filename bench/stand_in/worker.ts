/**
 * Stands in for Supabase, in a thread of its own, and answers at once: all tokens are good, and all
 * joins are accepted. So a benchmark measures the process in front of it alone.
 *
 * It answers messages `{ id, command, parameter }` with `{ id, result }`.
 */
import { emitSteadily } from "./emit_steadily.ts";
import { FileTable } from "./file_table.ts";
import { Realtime } from "./realtime.ts";
import type { Commands } from "./stand_in.ts";

const parent = self as unknown as Pick<Worker, "postMessage" | "onmessage">;
const table = new FileTable();
const realtime = new Realtime();
const counts = { queries: 0, authRequests: 0 };
let jwks: readonly unknown[] = [];
/** The users whose files change in turns. */
let users: readonly string[] = [];
let turn = 0;

const now = () => performance.timeOrigin + performance.now();

/** Changes a file of the user. The text that it carries is the moment. */
function emit(userId: string): void {
  realtime.send(userId, table.change(userId, `at ${now().toFixed(3)}`));
}

const commands: Commands = {
  configure(options) {
    jwks = options.jwks;
    table.filesPerUser = options.filesPerUser;
  },
  counts: () => ({
    sockets: realtime.socketCount,
    ...counts,
  }),
  joinTimes: () => new Map(realtime.joinTimes),
  forget: () => realtime.joinTimes.clear(),
  setUsers(userIds) {
    users = userIds;
    turn = 0;
  },
  emit: (pace) => emitSteadily(() => emit(users[turn++ % users.length]!), pace),
  emitFor: (userIds) => userIds.forEach(emit),
  restart: (ms) => realtime.restart(ms),
};

parent.onmessage = async ({ data: { id, command, parameter } }) => {
  const run = commands[command as keyof Commands] as (parameter: unknown) => unknown;
  parent.postMessage({ id, result: await run(parameter) });
};

function answer(request: Request): Response | Promise<Response> {
  switch (new URL(request.url).pathname) {
    case "/realtime/v1/websocket":
      return realtime.accept(request);
    case "/all_changes":
      return realtime.acceptListener(request);
    case "/rest/v1/rpc/file_changes_since":
      return answerQuery(request);
    case "/auth/v1/user":
      counts.authRequests++;
      return json(JSON.stringify({ id: userOf(request), aud: "authenticated" }));
    case "/auth/v1/.well-known/jwks.json":
      counts.authRequests++;
      return json(JSON.stringify({ keys: jwks }));
    default:
      return new Response(null, { status: 404 });
  }
}

async function answerQuery(request: Request): Promise<Response> {
  counts.queries++;
  const { since } = await request.json();
  return json(table.page(userOf(request), since ?? null));
}

/** The user whom the request's token names. */
function userOf(request: Request): string {
  const [, claims = ""] = request.headers.get("authorization")!.split(".");
  return JSON.parse(atob(claims.replaceAll("-", "+").replaceAll("_", "/"))).sub;
}

function json(body: string): Response {
  return new Response(body, { headers: { "content-type": "application/json" } });
}

const address = { hostname: "127.0.0.1", port: 0, onListen() {} };
const read = (file: string) => Deno.readTextFileSync(new URL(file, import.meta.url));
const tls = { cert: read("./certificate.pem"), key: read("./private_key.pem") };
const plain = Deno.serve(address, answer);
const secure = Deno.serve({ ...address, ...tls }, answer);
parent.postMessage({
  url: `http://127.0.0.1:${plain.addr.port}`,
  secureUrl: `https://127.0.0.1:${secure.addr.port}`,
});
