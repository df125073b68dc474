import assert from "node:assert/strict";
import { EventSource } from "eventsource";
import { until } from "../support/until.ts";
import { assertResumes } from "./assert_resumes.ts";
import { startClientStage } from "../support/client_stage.ts";

Deno.test("npm's eventsource, set up as the protocol's page says", async (t) => {
  await using stage = await startClientStage();
  let token = await stage.headers();
  const open = () => {
    const source = new EventSource(stage.url, {
      fetch: (url, init) => fetch(url, { ...init, headers: { ...init.headers, ...token } }),
    });
    source.onmessage = ({ data }) => stage.receive(data);
    return source;
  };

  await t.step("receives, and resumes where a stream was cut", async () => {
    const source = open();
    await assertResumes(stage);
    source.close();
  });

  await t.step("reconnects after `closing`, whatever its reason", async () => {
    stage.answerNext(`:\nretry: 10\ndata: {"eventType":"closing","reason":"new"}\n\n`);
    const source = open();
    await stage.arrives({ reason: "new" });
    await stage.arrives({ eventType: "ready" });
    source.close();
  });

  await t.step("gives up after a 401, and says the status", async () => {
    token = { authorization: "Bearer wrong" };
    const source = open();
    const statuses: unknown[] = [];
    source.onerror = ({ code }) => void statuses.push(code);
    await until(() => source.readyState === EventSource.CLOSED, "end");
    assert.deepEqual(statuses, [401]);
  });
});
