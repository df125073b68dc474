import assert from "node:assert/strict";
import * as fc from "fast-check";
import type { Answer } from "../end_to_end/faulty_upstream.ts";
import { stackSchedules } from "./stack_step.ts";
import { StackWorld } from "./stack_world.ts";

// The schedules of stack_test.ts prove something only if they catch this.

/** Answers the first question of each client only; later there never is anything new. */
const withoutCatchUp: Answer = async (request, pass) => {
  const isCatchUp = request.url.endsWith("/rpc/file_changes_since");
  const response = await pass(request);
  if (!isCatchUp) return response;
  const page = await response.json();
  return Response.json(page.reset ? page : { ...page, files: [], deletions: [] });
};

Deno.test("schedules through the whole stack catch a stream without catch-up", async () => {
  await using world = await StackWorld.start({
    source: "broadcast",
    answer: withoutCatchUp,
    patience: 5_000,
  });
  const { failed, errorInstance } = await fc.check(
    fc.asyncProperty(stackSchedules(10), (taken) => world.play(taken)),
    { numRuns: 5, endOnFailure: true },
  );
  assert.ok(failed, "50 schedules found nothing wrong");
  assert.match(String(errorInstance), /The client has/);
});
