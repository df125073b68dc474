import assert from "node:assert/strict";
import { DeafnessDetector } from "../../../supabase/functions/file-events/stream/deafness_detector.ts";
import { fileId, updated } from "../../support/example_change.ts";

const change = (n: number, revision = n) => updated({ id: fileId(n), revision });

/** A detector of a live feed, after the first catch-up. */
function createDetector(): DeafnessDetector {
  const detector = new DeafnessDetector();
  detector.feedChanged({ live: true });
  detector.beginCatchUp();
  detector.endCatchUp({ complete: true, now: 0 });
  return detector;
}

/** @returns Whether the feed is found deaf. */
function endCatchUp(detector: DeafnessDetector, second: number, { complete = true } = {}): boolean {
  return detector.endCatchUp({ complete, now: second * 1000 });
}

/** Catch-ups at the given seconds, each of which finds a change that the feed has missed. */
function missIn(detector: DeafnessDetector, ...catchUps: number[]): boolean[] {
  return catchUps.map((second) => {
    detector.beginCatchUp();
    detector.found(change(second), (second - 5) * 1000);
    return endCatchUp(detector, second);
  });
}

Deno.test("DeafnessDetector finds a feed deaf when two catch-ups in a row find what it has missed for 5 s", () => {
  assert.deepEqual(missIn(createDetector(), 10, 20), [false, true]);
});

Deno.test("DeafnessDetector gives the feed 5 s to bring what a catch-up has found", () => {
  const detector = createDetector();
  detector.beginCatchUp();
  detector.found(change(1), 10_000);
  assert.equal(endCatchUp(detector, 14.999), false);
  detector.beginCatchUp();
  detector.found(change(2), 10_000);
  assert.equal(endCatchUp(detector, 14.999), false);
  detector.beginCatchUp();
  assert.equal(endCatchUp(detector, 15), false, "both count as one miss");
});

Deno.test("DeafnessDetector counts no miss for what the feed delivers late, newer states included", () => {
  const detector = createDetector();
  missIn(detector, 10);
  detector.found(change(1, 5), 10_000);
  detector.feedDelivered(change(1, 6));
  assert.equal(endCatchUp(detector, 20), false);
});

Deno.test("DeafnessDetector counts no miss for what the feed delivers late as it was found", () => {
  const detector = createDetector();
  detector.found(change(1, 5), 10_000);
  detector.feedDelivered(change(1, 5));
  endCatchUp(detector, 20);
  assert.deepEqual(missIn(detector, 30), [false], "the first miss");
});

Deno.test("DeafnessDetector counts a miss when only an older state of the file is delivered", () => {
  const detector = createDetector();
  detector.found(change(1, 5), 10_000);
  detector.feedDelivered(change(1, 4));
  assert.equal(endCatchUp(detector, 20), false);
  assert.deepEqual(missIn(detector, 30), [true], "the second in a row");
});

Deno.test("DeafnessDetector starts counting again when anything arrives in between", () => {
  const detector = createDetector();
  missIn(detector, 10);
  detector.feedDelivered(change(99));
  assert.deepEqual(missIn(detector, 20, 30), [false, true]);
});

Deno.test("DeafnessDetector starts counting again with each generation of the feed, after its first catch-up", () => {
  const detector = createDetector();
  missIn(detector, 10);
  detector.found(change(50), 10_000);
  detector.feedChanged({ live: true });
  // The first catch-up finds what was committed before.
  assert.deepEqual(missIn(detector, 20, 30, 40), [false, false, true]);
});

Deno.test("DeafnessDetector expects nothing of a feed that is down", () => {
  const detector = createDetector();
  detector.feedChanged({ live: false });
  assert.deepEqual(missIn(detector, 10, 20, 30), [false, false, false]);
});

Deno.test("DeafnessDetector takes no catch-up for a generation's first that began before it or failed", () => {
  const detector = createDetector();
  detector.beginCatchUp();
  detector.feedChanged({ live: true });
  endCatchUp(detector, 1);
  detector.beginCatchUp();
  endCatchUp(detector, 2, { complete: false });
  assert.deepEqual(missIn(detector, 10, 20, 30), [false, false, true]);
});

Deno.test("DeafnessDetector expects no message for what a hint has asked for", async (t) => {
  const cases: Record<string, (detector: DeafnessDetector) => void> = {
    "before the catch-up": (detector) => {
      detector.feedHinted();
      detector.beginCatchUp();
    },
    "during the catch-up": (detector) => {
      detector.beginCatchUp();
      detector.feedHinted();
    },
    "before a catch-up that failed": (detector) => {
      detector.feedHinted();
      detector.beginCatchUp();
      endCatchUp(detector, 5, { complete: false });
      detector.beginCatchUp();
    },
  };
  for (const [name, begin] of Object.entries(cases)) {
    await t.step(name, () => {
      const detector = createDetector();
      begin(detector);
      detector.found(change(1), 5_000);
      endCatchUp(detector, 10);
      // A hint is asked again during the catch-up that follows: it is about that one too.
      if (name === "during the catch-up") missIn(detector, 15);
      assert.deepEqual(missIn(detector, 20, 30), [false, true]);
    });
  }
});

Deno.test("DeafnessDetector asks for a rejoin at most once a minute", () => {
  const rejoins = missIn(createDetector(), 10, 20, 30, 40, 50, 60, 70, 79, 80);
  assert.deepEqual(rejoins, [false, true, false, false, false, false, false, false, true]);
});
