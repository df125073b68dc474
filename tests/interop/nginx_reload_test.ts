import { startStack } from "../../local/stack.ts";
import { isType, isUpdate } from "../support/event_predicates.ts";
import { EventStream } from "../support/event_stream.ts";
import { functionUrl } from "../support/target.ts";
import { mintTestUser } from "../support/test_user.ts";
import { until } from "../support/until.ts";
import { eventsource } from "./clients/eventsource.ts";
import { startNginx } from "./nginx.ts";
import { runClient } from "./run_client.ts";

Deno.test("a stream goes on while nginx is reloaded", async () => {
  await using stack = await startStack();
  await using nginx = await startNginx(stack.url);
  const user = await mintTestUser(stack);
  const headers = { authorization: `Bearer ${user.token}` };
  await using stream = await EventStream.open(functionUrl({ ...stack, url: nginx.url }), headers);
  await stream.next(isType("ready"), "ready");
  nginx.reload();
  await until(() => nginx.startedWorkers() === 2, "new worker");
  const id = await user.insert();
  await stream.next(isUpdate(id), "update");
});

Deno.test("nothing is lost when a reload of nginx ends the connections of its old workers", async () => {
  await using stack = await startStack();
  await runClient(stack, eventsource, async (url) => {
    const mainDirectives = "worker_shutdown_timeout 1s;";
    const nginx = await startNginx(url, { http2: true, mainDirectives });
    return { ...nginx, cut: nginx.reload };
  });
});
