import assert from "node:assert/strict";
import { FakeClock } from "../support/fake_clock.ts";
import { FakeTabs } from "../support/fake_tabs.ts";
import {
  type ClientStage,
  type ClientStageOptions,
  exampleFile,
  startClientStage,
} from "./client_stage.ts";

/** A browser whose tabs show the same page. */
class Browser {
  readonly clock = new FakeClock();
  readonly #tabs = new FakeTabs();
  readonly stages: ClientStage[] = [];

  async open(options: ClientStageOptions = {}): Promise<ClientStage> {
    const stage = startClientStage({ clock: this.clock, tab: this.#tabs.open(), ...options });
    stage.files.subscribe(() => {});
    this.stages.push(stage);
    await stage.settle();
    return stage;
  }

  [Symbol.dispose](): void {
    for (const stage of this.stages) stage.files.close();
  }
}

Deno.test("all tabs show what the stream of one brings", async () => {
  using browser = new Browser();
  const first = await browser.open();
  const second = await browser.open();
  (await first.request()).begin().snapshot([exampleFile("a")], "1");
  await first.settle();
  const third = await browser.open();
  first.requests[0]!.send({ eventType: "file-update", file: exampleFile("b") }, "2");
  await first.settle();
  for (const tab of [first, second, third]) {
    assert.deepEqual(tab.names(), ["b.txt", "a.txt"]);
    assert.equal(tab.states.at(-1), "live");
  }
  assert.deepEqual(browser.stages.map(({ requests }) => requests.length), [1, 0, 0]);
  first.files.close();
  await second.settle();
  assert.equal(second.requests[0]!.headers.get("last-event-id"), "2");
  assert.equal(third.requests.length, 0);
  second.requests[0]!.begin().send({ eventType: "ready" }, "3").send({
    eventType: "file-deleted",
    file: { id: "a" },
  }, "4");
  await second.settle();
  assert.deepEqual(third.names(), ["b.txt"]);
  console.log(third.states, second.states);
});
