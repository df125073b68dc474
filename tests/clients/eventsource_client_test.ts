import assert from "node:assert/strict";
import { createEventSource } from "eventsource-client";
import { until } from "../support/until.ts";
import { assertResumes } from "./assert_resumes.ts";
import { startClientStage } from "../support/client_stage.ts";

Deno.test("npm's eventsource-client, set up as the protocol's page says", async (t) => {
  await using stage = await startClientStage();
  let token = await stage.headers();
  const delays: number[] = [];
  const open = () =>
    createEventSource({
      url: stage.url,
      fetch: (url, init) => fetch(url, { ...init, headers: { ...init?.headers, ...token } }),
      onMessage: ({ data }) => stage.receive(data),
      onScheduleReconnect: ({ delay }) => void delays.push(delay),
    });

  await t.step("receives, and resumes where a stream was cut", async () => {
    const source = open();
    await assertResumes(stage);
    source.close();
  });

  await t.step("heeds a `retry` that no event has followed yet", async () => {
    delays.length = 0;
    stage.answerNext(":\nretry: 20\n");
    const source = open();
    await stage.arrives({ eventType: "ready" });
    assert.deepEqual(delays, [20]);
    source.close();
  });

  await t.step("reconnects after `closing`, whatever its reason", async () => {
    stage.answerNext(`:\nretry: 10\ndata: {"eventType":"closing","reason":"new"}\n\n`);
    const source = open();
    await stage.arrives({ reason: "new" });
    await stage.arrives({ eventType: "ready" });
    source.close();
  });

  await t.step("hands on the code of a 401, and would repeat it after minutes only", async () => {
    token = { authorization: "Bearer wrong" };
    delays.length = 0;
    const source = open();
    await stage.arrives({ code: "AUTH_INVALID" });
    await until(() => delays.length > 0, "scheduled reconnection");
    assert.ok(delays[0]! >= 210_000, `${delays}`);

    source.close();
    token = await stage.headers();
    source.connect();
    await stage.arrives({ eventType: "ready" });
    source.close();
  });
});
