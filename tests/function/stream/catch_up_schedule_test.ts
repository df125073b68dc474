import assert from "node:assert/strict";
import { CatchUpSchedule } from "../../../supabase/functions/file-events/stream/catch_up_schedule.ts";
import { deleted, fileId, updated } from "../../support/example_change.ts";

const ORDINARY = 60_000;
const FAST = 5_000;

/** In the middle of the jitter. */
function createSchedule({ live = true } = {}): CatchUpSchedule {
  const schedule = new CatchUpSchedule({ catchUpMs: ORDINARY, random: () => 0.5 });
  schedule.feedChanged(live);
  return schedule;
}

const working = (id: string) => updated({ id, isFinal: false });

Deno.test("CatchUpSchedule is in no hurry while the feed is live and nothing is in progress", () => {
  assert.equal(createSchedule().delay(), ORDINARY);
});

Deno.test("CatchUpSchedule hurries while the feed is down, from the start on", () => {
  const schedule = new CatchUpSchedule({ catchUpMs: ORDINARY, random: () => 0.5 });
  assert.equal(schedule.delay(), FAST);
  assert.equal(schedule.feedChanged(true), false);
  assert.equal(schedule.delay(), ORDINARY);
  assert.equal(schedule.feedChanged(false), true, "a longer wait is under way");
  assert.equal(schedule.delay(), FAST);
});

const ENDS = {
  "final, whatever its status": updated({ id: fileId(1), status: "archived", isFinal: true }),
  "deleted": deleted({ id: fileId(1) }),
};
for (const [name, end] of Object.entries(ENDS)) {
  Deno.test(`CatchUpSchedule hurries while a file is in progress, until it is ${name}`, () => {
    const schedule = createSchedule();
    assert.equal(schedule.sent(working(fileId(1))), true);
    assert.equal(schedule.delay(), FAST);
    assert.equal(schedule.sent(working(fileId(1))), false);
    schedule.sent(end);
    assert.equal(schedule.delay(), ORDINARY);
  });
}

Deno.test("CatchUpSchedule waits for the last of several files", () => {
  const schedule = createSchedule();
  schedule.sent(working(fileId(1)));
  schedule.sent(working(fileId(2)));
  schedule.sent(updated({ id: fileId(1) }));
  assert.equal(schedule.delay(), FAST);
  schedule.sent(updated({ id: fileId(2) }));
  assert.equal(schedule.delay(), ORDINARY);
});

Deno.test("CatchUpSchedule doubles up to the ordinary interval while catch-ups find nothing", () => {
  const schedule = createSchedule({ live: false });
  const delays = Array.from({ length: 6 }, () => {
    schedule.ended("nothing");
    return schedule.delay();
  });
  assert.deepEqual(delays, [10_000, 20_000, 40_000, 60_000, 60_000, 60_000]);
  for (let n = 0; n < 2000; n++) schedule.ended("nothing");
  assert.equal(schedule.delay(), ORDINARY);
});

Deno.test("CatchUpSchedule hurries again when something was found or brought, or the feed has changed", async (t) => {
  const causes: Record<string, (schedule: CatchUpSchedule) => void> = {
    "a catch-up found something": (schedule) => schedule.ended("found"),
    "the feed brought a change": (schedule) => schedule.feedDelivered(),
    "the feed came and went": (schedule) => {
      schedule.feedChanged(true);
      schedule.feedChanged(false);
    },
  };
  for (const [name, cause] of Object.entries(causes)) {
    await t.step(name, () => {
      const schedule = createSchedule({ live: false });
      schedule.sent(working(fileId(1)));
      for (let n = 0; n < 5; n++) schedule.ended("nothing");
      cause(schedule);
      assert.equal(schedule.delay(), FAST);
    });
  }
});

Deno.test("CatchUpSchedule tries again soon after a failure, then ever later", () => {
  const schedule = createSchedule();
  const delays = Array.from({ length: 8 }, () => {
    schedule.ended("failed");
    schedule.feedDelivered();
    return schedule.delay();
  });
  assert.deepEqual(delays, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  assert.equal(schedule.isRetry, true);
  schedule.ended("nothing");
  assert.deepEqual([schedule.delay(), schedule.isRetry], [ORDINARY, false]);
});

Deno.test("CatchUpSchedule waits longer than five seconds after a refusal, then ever longer", () => {
  const earliest = new CatchUpSchedule({ catchUpMs: ORDINARY, random: () => 0 });
  earliest.ended("refused");
  assert.ok(earliest.delay() > 5_000);
  const schedule = createSchedule();
  const delays = Array.from({ length: 5 }, () => {
    schedule.ended("refused");
    return schedule.delay();
  });
  assert.deepEqual(delays, [7_500, 15_000, 30_000, 60_000, 60_000]);
  assert.equal(schedule.isRetry, true);
  schedule.ended("failed");
  assert.equal(schedule.delay(), 1_000, "an outage is another fault");
  schedule.ended("nothing");
  assert.deepEqual([schedule.delay(), schedule.isRetry], [ORDINARY, false]);
});

Deno.test("CatchUpSchedule.reset() forgets the files in progress", () => {
  const schedule = createSchedule();
  schedule.sent(working(fileId(1)));
  schedule.reset();
  assert.equal(schedule.delay(), ORDINARY);
});

Deno.test("CatchUpSchedule never waits longer than the ordinary interval, jitter aside", () => {
  const schedule = new CatchUpSchedule({ catchUpMs: 1_000, random: () => 0.5 });
  assert.equal(schedule.delay(), 1_000);
});

Deno.test("CatchUpSchedule jitters, so that streams drift apart", () => {
  const random = [0, 0.999];
  const schedule = new CatchUpSchedule({ catchUpMs: ORDINARY, random: () => random.shift() ?? 0 });
  assert.ok(schedule.delay() < FAST);
  assert.ok(schedule.delay() > FAST);
});
