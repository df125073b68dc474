import assert from "node:assert/strict";
import { webEnvironment } from "../../client/web_environment.ts";

Deno.test("a visible page whose changes never pause is told once a frame, for ever", () => {
  const timers = new Map<number, { at: number; run: () => void }>();
  let frames: (() => void)[] = [];
  let now = 0;
  let told = 0;
  let isScheduled = false;
  const globals = {
    document: { hidden: false },
    requestAnimationFrame: (run: () => void) => frames.push(run),
    cancelAnimationFrame: () => {},
    setTimeout: (run: () => void, ms: number) => {
      const id = timers.size + told * 1e6 + 1;
      timers.set(id, { at: now + ms, run });
      return id;
    },
    clearTimeout: (id: number) => timers.delete(id),
  };
  const before = Object.entries(Object.getOwnPropertyDescriptors(globalThis))
    .filter(([name]) => name in globals);
  for (const [name, value] of Object.entries(globals)) {
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  try {
    const { schedule } = webEnvironment();
    // As the client does at each event.
    const tell = () => {
      if (isScheduled) told++;
      isScheduled = false;
    };
    const touch = () => {
      if (!isScheduled) schedule(tell);
      isScheduled = true;
    };
    // Three seconds of a change each millisecond, with 60 frames a second.
    for (now = 0; now < 3_000; now++) {
      touch();
      if (now % 16 === 0) { for (const run of frames.splice(0)) run(); }
      for (const [id, timer] of [...timers]) {
        if (timer.at > now) continue;
        timers.delete(id);
        timer.run();
      }
    }
  } finally {
    for (const name of Object.keys(globals)) delete (globalThis as Record<string, unknown>)[name];
    for (const [name, descriptor] of before) Object.defineProperty(globalThis, name, descriptor);
    frames = [];
  }
  assert.ok(told <= 3_000 / 16 + 2, `told ${told} times in ${Math.ceil(3_000 / 16)} frames`);
});

Deno.test("the global fetch is the one of the moment of the request, as it is in supabase-js", async () => {
  const { fetch } = webEnvironment();
  const before = globalThis.fetch;
  // As a monitor or a test's mock server does, after modules were loaded.
  globalThis.fetch = () => Promise.resolve(new Response("replaced"));
  try {
    const answer = await fetch("http://127.0.0.1:1/").catch(() => undefined);
    assert.equal(await answer?.text(), "replaced");
  } finally {
    globalThis.fetch = before;
  }
});

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
