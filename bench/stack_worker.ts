/**
 * The embedded Supabase in a thread of its own, so that whoever measures has an event loop to
 * itself. It first posts `{ url }`; then it answers `{ sql, parameters }` with `{ rows, at }`, `at`
 * being the moment after the commit in milliseconds since the Unix epoch.
 */
import { startStack } from "../local/stack.ts";

const parent = self as unknown as Pick<Worker, "postMessage" | "onmessage">;
const stack = await startStack({
  withFunction: false,
  // A thousand clients without a pool come faster than a server would let them.
  realtime: { maxJoinsPerSecond: Infinity },
});
parent.onmessage = async ({ data: { sql, parameters } }) => {
  const rows = await stack.database.query(sql, parameters);
  parent.postMessage({ rows, at: performance.timeOrigin + performance.now() });
};
parent.postMessage({ url: stack.url });
