import assert from "node:assert/strict";
import { settle } from "./fake_clock.ts";
import { type FakeTab, FakeTabs } from "./fake_tabs.ts";

/** Waits for the lock, then holds it until the returned function is called. */
function hold(tab: FakeTab, options: { steal?: boolean; signal?: AbortSignal } = {}) {
  const { promise, resolve } = Promise.withResolvers<void>();
  const log: string[] = [];
  const request = tab.locks.request("lock", options, () => {
    log.push("granted");
    return promise;
  }).then(() => log.push("released"), (error) => log.push(error.name));
  return { log, release: resolve, request };
}

async function holders(tab: FakeTab): Promise<{ held: string[]; pending: string[] }> {
  const { held, pending } = await tab.locks.query();
  const ids = (infos: typeof held) => infos.map(({ clientId }) => clientId);
  return { held: ids(held), pending: ids(pending) };
}

Deno.test("FakeTabs grants a lock in the order of the requests, when the holder's promise settles", async () => {
  const tabs = new FakeTabs();
  const [one, two, three] = [tabs.open(), tabs.open(), tabs.open()];
  const [first, second, third] = [hold(one), hold(two), hold(three)];
  assert.deepEqual(first.log, []);
  await settle();
  assert.deepEqual(await holders(three), { held: ["tab-1"], pending: ["tab-2", "tab-3"] });
  first.release();
  await settle();
  assert.deepEqual([first.log, second.log, third.log], [["granted", "released"], ["granted"], []]);
  second.release();
  third.release();
  await third.request;
  assert.deepEqual(await holders(three), { held: [], pending: [] });
});

Deno.test("FakeTabs passes on what a lock's callback returns or throws", async () => {
  const { locks } = new FakeTabs().open();
  assert.equal(await locks.request("lock", {}, (lock) => lock?.name), "lock");
  await assert.rejects(locks.request("lock", {}, () => Promise.reject(new Error("no"))), /no/);
  await assert.rejects(
    locks.request("lock", {}, () => {
      throw new Error("never");
    }),
    /never/,
  );
  assert.equal(await locks.request("lock", {}, () => "free again"), "free again");
});

Deno.test("FakeTabs grants no lock that is taken to a request with ifAvailable", async () => {
  const tabs = new FakeTabs();
  const { release, request } = hold(tabs.open());
  const { locks } = tabs.open();
  const options = { ifAvailable: true };
  assert.equal(await locks.request("lock", options, (lock) => lock), null);
  assert.equal(await locks.request("other", options, (lock) => lock?.name), "other");
  release();
  await request;
  assert.equal(await locks.request("lock", options, (lock) => lock?.name), "lock");
});

Deno.test("FakeTabs lets a lock be stolen, before those that wait", async () => {
  const tabs = new FakeTabs();
  const [one, two, three] = [tabs.open(), tabs.open(), tabs.open()];
  const [first, second] = [hold(one), hold(two)];
  await settle();
  const third = hold(three, { steal: true });
  await settle();
  assert.deepEqual([first.log, second.log, third.log], [["granted", "AbortError"], [], [
    "granted",
  ]]);
  first.release();
  await settle();
  assert.deepEqual(await holders(one), { held: ["tab-3"], pending: ["tab-2"] });
});

Deno.test("FakeTabs ends a waiting request when its signal aborts, and no other", async () => {
  const tabs = new FakeTabs();
  const [one, two] = [tabs.open(), tabs.open()];
  const controller = new AbortController();
  const [first, second] = [
    hold(one, { signal: controller.signal }),
    hold(two, { signal: controller.signal }),
  ];
  await settle();
  controller.abort();
  await settle();
  assert.deepEqual([first.log, second.log], [["granted"], ["AbortError"]]);
  assert.deepEqual(await holders(two), { held: ["tab-1"], pending: [] });
  const late = hold(two, { signal: controller.signal });
  await late.request;
  assert.deepEqual(late.log, ["AbortError"]);
});

Deno.test("FakeTabs sends copies to all other channels of a name, later and in order", async () => {
  const tabs = new FakeTabs();
  const heard: [string, unknown][] = [];
  const open = (name: string, channelName = "news") => {
    const channel = tabs.open().openChannel(channelName);
    channel.onmessage = ({ data }) => void heard.push([name, data]);
    return channel;
  };
  const [one, two] = [open("one"), open("two")];
  open("three");
  open("four", "other");
  const message = { text: "first" };
  one.postMessage(message);
  message.text = "changed";
  one.postMessage("second");
  assert.deepEqual(heard, []);
  await settle();
  assert.deepEqual(heard, [
    ["two", { text: "first" }],
    ["three", { text: "first" }],
    ["two", "second"],
    ["three", "second"],
  ]);
  one.postMessage("third");
  two.close();
  await settle();
  assert.deepEqual(heard.slice(4), [["three", "third"]]);
  assert.throws(() => two.postMessage("late"), { name: "InvalidStateError" });
});

Deno.test("FakeTab.freeze() keeps locks, and holds back all else until thaw()", async () => {
  const tabs = new FakeTabs();
  const [one, two] = [tabs.open(), tabs.open()];
  const first = hold(one);
  const channel = one.openChannel("news");
  const heard: unknown[] = [];
  channel.onmessage = ({ data }) => void heard.push(data);
  await settle();
  one.freeze();
  const sender = two.openChannel("news");
  sender.postMessage(1);
  const second = hold(two);
  await settle();
  assert.deepEqual([heard, second.log], [[], []]);
  const thief = hold(two, { steal: true });
  sender.postMessage(2);
  await settle();
  assert.deepEqual([first.log, thief.log], [["granted"], ["granted"]]);
  one.thaw();
  sender.postMessage(3);
  await settle();
  assert.deepEqual([first.log, heard], [["granted", "AbortError"], [1, 2, 3]]);
});

Deno.test("FakeTab.freeze() holds back a grant, but not the lock", async () => {
  const tabs = new FakeTabs();
  const [one, two] = [tabs.open(), tabs.open()];
  const [first, second] = [hold(one), hold(two)];
  await settle();
  two.freeze();
  first.release();
  await settle();
  assert.deepEqual(second.log, []);
  assert.deepEqual(await holders(one), { held: ["tab-2"], pending: [] });
  two.thaw();
  await settle();
  assert.deepEqual(second.log, ["granted"]);
});

Deno.test("FakeTab.crash() frees its locks and requests, and nothing reaches it any more", async () => {
  const tabs = new FakeTabs();
  const [one, two, three] = [tabs.open(), tabs.open(), tabs.open()];
  const [first, second, third] = [hold(one), hold(two), hold(three)];
  const channel = two.openChannel("news");
  channel.onmessage = () => assert.fail("delivered");
  const sender = one.openChannel("news");
  await settle();
  sender.postMessage("lost");
  two.crash();
  one.crash();
  await settle();
  assert.deepEqual([first.log, second.log, third.log], [["granted"], [], ["granted"]]);
  assert.throws(() => sender.postMessage("late"), { name: "InvalidStateError" });
  first.release();
  hold(one, { steal: true });
  await settle();
  assert.deepEqual(await holders(three), { held: ["tab-3"], pending: [] });
});
