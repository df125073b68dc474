import assert from "node:assert/strict";
import { webEnvironment } from "../../client/web_environment.ts";

Deno.test("a visible page that gets no frames, as in an iframe out of sight, collects none", () => {
  const frames = new Map<number, () => void>();
  const timers: (() => void)[] = [];
  let ids = 0;
  const globals: Record<string, unknown> = {
    document: { hidden: false },
    requestAnimationFrame: (run: () => void) => {
      frames.set(++ids, run);
      return ids;
    },
    cancelAnimationFrame: (id: number) => frames.delete(id),
    setTimeout: (run: () => void) => timers.push(run),
    clearTimeout: () => {},
  };
  const before = Object.getOwnPropertyDescriptors(globalThis) as PropertyDescriptorMap;
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  let told = 0;
  try {
    const { schedule } = webEnvironment();
    // An hour of changes: 4 a second are told by timers.
    for (let change = 0; change < 14_400; change++) {
      schedule(() => told++);
      for (const run of timers.splice(0)) run();
    }
  } finally {
    for (const name of Object.keys(globals)) {
      delete (globalThis as Record<string, unknown>)[name];
      if (before[name]) Object.defineProperty(globalThis, name, before[name]);
    }
  }
  assert.equal(told, 14_400);
  assert.ok(frames.size <= 1, `${frames.size} callbacks wait for a frame`);
});
