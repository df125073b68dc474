import assert from "node:assert/strict";
import { delay } from "../../demo/processing/delay.ts";

Deno.test("delay() resolves", async () => {
  await delay(1, new AbortController().signal);
});

Deno.test("delay() rejects with the reason when aborted, and leaves no timer", async () => {
  const abort = new AbortController();
  const waiting = delay(60_000, abort.signal);
  abort.abort(new Error("enough"));
  await assert.rejects(waiting, new Error("enough"));
});

Deno.test("delay() rejects at once with a signal that is aborted already", async () => {
  await assert.rejects(delay(60_000, AbortSignal.abort(new Error("late"))), new Error("late"));
});
