import assert from "node:assert/strict";
import { TurnQueue } from "../../../supabase/functions/file-events/postgrest/turn_queue.ts";

/** Empties the queue; items for which `isAccepted` returns false are left out of the result. */
function drain(queue: TurnQueue<string>, isAccepted = (_: string) => true): string[] {
  const accepted: string[] = [];
  const accept = (item: string) => isAccepted(item) && accepted.push(item) > 0;
  while (queue.offer(accept));
  return accepted;
}

function queueOf(...items: string[]): TurnQueue<string> {
  const queue = new TurnQueue<string>();
  for (const item of items) queue.add(item.slice(0, 1), item);
  return queue;
}

Deno.test("TurnQueue serves each user in order, and users in turn", () => {
  const queue = queueOf("a1", "a2", "a3", "b1", "c1", "b2");
  assert.deepEqual(drain(queue), ["a1", "b1", "c1", "a2", "b2", "a3"]);
});

Deno.test("TurnQueue gives a user who comes back the last turn", () => {
  const queue = queueOf("a1", "b1", "c1");
  queue.offer(() => true);
  queue.add("a", "a2");
  assert.deepEqual(drain(queue), ["b1", "c1", "a2"]);
});

Deno.test("TurnQueue offers a user's next item if one is not accepted", () => {
  const queue = queueOf("a1", "a2", "a3", "b1", "c1");
  assert.deepEqual(drain(queue, (item) => !["a1", "a2", "b1"].includes(item)), ["a3", "c1"]);
});

Deno.test("TurnQueue keeps what is added while an item is offered", () => {
  const queue = queueOf("a1", "b1");
  const offered: string[] = [];
  while (
    queue.offer((item) => {
      offered.push(item);
      if (item === "a1") queue.add("a", "a2");
      return true;
    })
  );
  assert.deepEqual(offered, ["a1", "b1", "a2"]);
});
