import assert from "node:assert/strict";
import { unusedExports } from "../../lint/unused_exports.ts";

/** What is unused of `source`, in `local/clock.ts`, beside a file with this import. */
const unusedOf = (source: string, user = "") =>
  unusedExports(new Map([["local/clock.ts", source], ["local/stack.ts", user]]));

for (
  const source of [
    "export const now = 1;",
    "export let now = 1;",
    "export function now() {}",
    "export async function now() {}",
    "export function* now() {}",
    "export async function* now() {}",
    "export class now {}",
    "export abstract class now {}",
    "export enum now {}",
    "export interface now {}",
    "export type now = 1;",
  ]
) {
  Deno.test(`unusedExports() finds "${source}" unless it is imported`, () => {
    assert.deepEqual(unusedOf(source), ["local/clock.ts: now"]);
    assert.deepEqual(unusedOf(source, 'import { now } from "./clock.ts";'), []);
  });
}

for (
  const user of [
    'import type { now } from "./clock.ts";',
    'import { after, type now } from "./clock.ts";',
    'import { now as present } from "./clock.ts";',
    'import {\n  after,\n  type now,\n} from "./clock.ts";',
    'import clock, { now } from "./clock.ts";',
    'import * as clock from "./clock.ts";',
    'export { now } from "./clock.ts";',
    'export * from "./clock.ts";',
    'const { now } = await import("./clock.ts");',
    'new Worker(new URL("./clock.ts", import.meta.url));',
    'new URL("local/clock.ts", root);',
  ]
) {
  Deno.test(`unusedExports() takes for a use: ${JSON.stringify(user)}`, () => {
    assert.deepEqual(unusedOf("export const now = 1;", user), []);
  });
}

for (
  const user of [
    'import { after } from "./clock.ts";',
    'import { nowhere } from "./clock.ts";',
    'import { after as now } from "./clock.ts";',
    'import { now } from "../clock.ts";',
    ' * import { now } from "./clock.ts";',
    "now();",
  ]
) {
  Deno.test(`unusedExports() takes for no use: ${JSON.stringify(user)}`, () => {
    assert.deepEqual(unusedOf("export const now = 1;", user), ["local/clock.ts: now"]);
  });
}

Deno.test("unusedExports() keeps a type that its own file uses, but no other export", () => {
  const types = "export interface A {}\nexport type B = 1;\nexport class C {}\nlet abc: [A, B, C];";
  assert.deepEqual(
    unusedOf(`${types}\nexport const now = 1;\nexport function run() { now }\nrun();`),
    [
      "local/clock.ts: now",
      "local/clock.ts: run",
    ],
  );
});

Deno.test("unusedExports() reads an import map's name as the file that it stands for", () => {
  const files = new Map([
    ["local/clock.ts", "export const now = 1;"],
    ["local/stack.ts", 'import { now } from "@std/clock";'],
  ]);
  assert.deepEqual(unusedExports(files, { "@std/clock": "local/clock.ts" }), []);
  assert.deepEqual(unusedExports(files), ["local/clock.ts: now"]);
});
