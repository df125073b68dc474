import assert from "node:assert/strict";
import { fetchEventSource } from "@microsoft/fetch-event-source";
import { assertResumes } from "./assert_resumes.ts";
import { startClientStage } from "../support/client_stage.ts";

Deno.test("@microsoft/fetch-event-source, set up as the protocol's page says", async (t) => {
  await using stage = await startClientStage();
  // It is made for browsers. These two are all that it asks of one.
  Object.assign(globalThis, { window: globalThis, document: new EventTarget() });
  let token = await stage.headers();
  const open = (signal: AbortSignal) =>
    fetchEventSource(stage.url, {
      signal,
      fetch: (url, init) => fetch(url, { ...init, headers: { ...init?.headers, ...token } }),
      openWhenHidden: true,
      onmessage: ({ data }) => stage.receive(data),
      onclose() {
        const last = stage.received.at(-1);
        if (last?.code === undefined) throw new Error("reconnect");
      },
    });

  await t.step("receives, and resumes where a stream was cut", async () => {
    const leave = new AbortController();
    const done = open(leave.signal);
    await assertResumes(stage);
    leave.abort();
    await done;
  });

  await t.step("reconnects after `closing`, whatever its reason", async () => {
    const leave = new AbortController();
    stage.answerNext(`:\nretry: 10\ndata: {"eventType":"closing","reason":"new"}\n\n`);
    const done = open(leave.signal);
    await stage.arrives({ reason: "new" });
    await stage.arrives({ eventType: "ready" });
    leave.abort();
    await done;
  });

  await t.step("hands on the code of a 401, and ends", async () => {
    token = { authorization: "Bearer wrong" };
    await open(new AbortController().signal);
    assert.equal(stage.received.at(-1)?.code, "AUTH_INVALID");
  });
  Reflect.deleteProperty(globalThis, "window");
  Reflect.deleteProperty(globalThis, "document");
});
