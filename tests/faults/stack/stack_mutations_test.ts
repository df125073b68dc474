import * as fc from "fast-check";
import { SOURCES } from "../../support/sources.ts";
import type { Answer } from "../../support/faulty_upstream.ts";
import { assertFindsFault } from "../assert_finds_fault.ts";
import { stackSchedules, type StackStep } from "./stack_step.ts";
import { StackWorld, type StackWorldOptions } from "./stack_world.ts";

// The schedules of stack_test.ts prove something only if they catch these.

/** Answers the first question of each client only; later there never is anything new. */
const withoutCatchUp: Answer = async (request, pass) => {
  const isCatchUp = request.url.endsWith("/rpc/file_changes_since");
  const response = await pass(request);
  if (!isCatchUp) return response;
  const page = await response.json();
  return Response.json(page.reset ? page : { ...page, files: [], deletions: [] });
};

async function findsFault(
  options: StackWorldOptions,
  adapt: (step: StackStep, index: number) => StackStep = (step) => step,
): Promise<void> {
  await using world = await StackWorld.start({ patience: 5_000, ...options });
  const property = fc.asyncProperty(stackSchedules(10), async (schedules) => {
    await world.play(schedules.map((steps) => steps.map(adapt)));
  });
  await assertFindsFault(property, { schedules: 5 });
}

Deno.test("schedules through the whole stack catch a stream without catch-up", async () => {
  await findsFault({ source: "broadcast", answer: withoutCatchUp });
});

for (const source of SOURCES) {
  Deno.test(`schedules through the whole stack catch a stream that asks nothing while its feed, ${source}, is live`, async () => {
    const silences = ["limit", "walsender"] as const;
    await findsFault(
      { source, catchUpMs: 3_600_000 },
      // In place of all that a feed or a connection would report, what none of them reports.
      (step, index) => {
        return "writes" in step || step.do === "wait" ? step : { do: silences[index % 2]! };
      },
    );
  });
}
