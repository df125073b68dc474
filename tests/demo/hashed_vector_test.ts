import assert from "node:assert/strict";
import { hashedVector } from "../../demo/processing/hashed_vector.ts";

const embed = (text: string) => hashedVector(new Blob([text]).stream());
const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);

Deno.test("hashedVector() has length 1", async () => {
  const vector = await embed("the quick brown fox");
  assert.ok(Math.abs(Math.hypot(...vector) - 1) < 1e-6);
});

Deno.test("hashedVector() ignores order, case and punctuation", async () => {
  assert.deepEqual(await embed("Dog, bites MAN!"), await embed("man bites dog"));
});

Deno.test("hashedVector() puts texts that share words closer than texts that share none", async () => {
  const text = await embed("a report about rivers and lakes");
  const near = dot(text, await embed("a report about rivers and seas"));
  const far = dot(text, await embed("quarterly turbine maintenance invoices"));
  assert.ok(near > 0.5 && far < 0.3, `${near} and ${far}`);
});

Deno.test("hashedVector() is zero for a text without words", async () => {
  assert.ok((await embed(" \n--!")).every((value) => value === 0));
});
