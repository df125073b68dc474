import assert from "node:assert/strict";
import { Deafness } from "../../../supabase/functions/file-events/stream/deafness.ts";
import { fileId, updated } from "../database/example_change.ts";

const change = (n: number, revision = n) => updated({ id: fileId(n), revision });

/** A feed that has missed a change before each of the given catch-ups (in seconds). */
function missBefore(deafness: Deafness, ...catchUps: number[]): boolean[] {
  return catchUps.map((second) => {
    deafness.found(change(second), (second - 5) * 1000);
    return deafness.judge(second * 1000);
  });
}

Deno.test("Deafness is seen when two catch-ups in a row find what the feed has missed for 5 s", () => {
  assert.deepEqual(missBefore(new Deafness(), 10, 20), [false, true]);
});

Deno.test("Deafness gives the feed 5 s to bring what a catch-up has found", () => {
  const deafness = new Deafness();
  deafness.found(change(1), 10_000);
  assert.equal(deafness.judge(14_999), false);
  deafness.found(change(2), 10_000);
  assert.equal(deafness.judge(14_999), false);
  assert.equal(deafness.judge(15_000), false, "both count as one catch-up");
});

Deno.test("Deafness forgives what the feed brings late, newer states included", () => {
  const deafness = new Deafness();
  missBefore(deafness, 10);
  deafness.found(change(1, 5), 10_000);
  deafness.arrived(change(1, 6));
  assert.equal(deafness.judge(20_000), false);
});

Deno.test("Deafness does not forgive for an older state of the file", () => {
  const deafness = new Deafness();
  deafness.found(change(1, 5), 10_000);
  deafness.arrived(change(1, 4));
  assert.equal(deafness.judge(20_000), false);
  assert.deepEqual(missBefore(deafness, 30), [true], "the second in a row");
});

Deno.test("Deafness starts counting again when anything arrives in between", () => {
  const deafness = new Deafness();
  missBefore(deafness, 10);
  deafness.arrived(change(99));
  assert.deepEqual(missBefore(deafness, 20, 30), [false, true]);
});

Deno.test("Deafness starts counting again when the feed rejoins", () => {
  const deafness = new Deafness();
  missBefore(deafness, 10);
  deafness.found(change(50), 10_000);
  deafness.reset();
  assert.deepEqual(missBefore(deafness, 20, 30), [false, true]);
});

Deno.test("Deafness asks for a rejoin at most once a minute", () => {
  const rejoins = missBefore(new Deafness(), 10, 20, 30, 40, 50, 60, 70, 79, 80);
  assert.deepEqual(rejoins, [false, true, false, false, false, false, false, false, true]);
});
