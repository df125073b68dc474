import assert from "node:assert/strict";
import { createFileEvents } from "../../client/create_file_events.ts";
import { webEnvironment } from "../../client/web_environment.ts";
import { startStack } from "../../local/stack.ts";
import { isType, isUpdate } from "../support/event_predicates.ts";
import { EventStream } from "../support/event_stream.ts";
import { functionUrl } from "../support/target.ts";
import { mintTestUser } from "../support/test_user.ts";
import { until } from "../support/until.ts";
import { eventsource } from "./clients/eventsource.ts";
import { FastClock } from "./fast_clock.ts";
import { startNginx } from "./nginx.ts";
import { runClient } from "./run_client.ts";

Deno.test("nginx", async (t) => {
  await using stack = await startStack();

  await t.step("leaves streams to its old workers when it is reloaded", async () => {
    await using nginx = await startNginx(stack.url);
    const user = await mintTestUser(stack);
    const headers = { authorization: `Bearer ${user.token}` };
    const url = functionUrl({ ...stack, url: nginx.url });
    await using stream = await EventStream.open(url, headers);
    await stream.next(isType("ready"), "ready");
    nginx.reload();
    await until(() => nginx.startedWorkers() === 2, "new worker");
    const id = await user.insert();
    await stream.next(isUpdate(id), "update");
  });

  await t.step("loses nothing when a reload ends the connections of its old workers", async () => {
    await runClient(stack, eventsource, async (url) => {
      const mainDirectives = "worker_shutdown_timeout 1s;";
      const nginx = await startNginx(url, { http2: true, mainDirectives });
      return { ...nginx, cut: nginx.reload };
    });
  });

  for (const count of [0, 60]) {
    await t.step(`makes our client poll if it buffers by force, with ${count} files`, async () => {
      const user = await mintTestUser(stack);
      for (let number = 0; number < count; number++) await user.insert({ filename: "old.txt" });
      // It sends 4 kB at a time, so that of a long list a part arrives.
      const httpDirectives = "proxy_ignore_headers X-Accel-Buffering;";
      await using nginx = await startNginx(stack.url, { httpDirectives });
      const clock = new FastClock(20);
      using files = createFileEvents(
        { url: nginx.url, key: stack.publishableKey, getToken: () => user.token },
        { ...webEnvironment(), now: () => clock.now(), after: (ms, run) => clock.after(ms, run) },
      );
      files.subscribe(() => {});
      await until(() => files.transport === "polling", "polling");
      // The server's time is not as fast.
      clock.speed = 1;
      await until(() => files.value.length === count, "list");
      const id = await user.insert({ filename: "new.txt" });
      await until(() => files.get(id) !== undefined, "insert");
      await user.update(id, { progress: 50 });
      await until(() => files.get(id)?.progress === 50, "update");
      await user.delete(id);
      await until(() => !files.get(id), "deletion");
      assert.equal(files.value.length, count);
    });
  }

  await t.step("may stand behind another nginx if it passes X-Accel-Buffering on", async () => {
    await using opened = new AsyncDisposableStack();
    await runClient(stack, eventsource, async (url) => {
      const httpDirectives = "proxy_pass_header X-Accel-Buffering;";
      const inner = opened.use(await startNginx(url, { httpDirectives }));
      return startNginx(inner.url);
    });
  });
});
