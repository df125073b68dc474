import assert from "node:assert/strict";
import { createClient } from "@supabase/supabase-js";
import { publishableKey } from "../../local/api_keys.ts";
import { createQueryChanges } from "../../supabase/functions/file-events/postgrest/query_changes.ts";
import { until } from "../support/until.ts";
import { createIsolateFeed, mintCaller, sources } from "./feed_stack.ts";

Deno.test({
  name: "bench/instant_supabase.ts gives the function answers that it understands",
  // See `isolation_test.ts`.
  sanitizeOps: false,
  sanitizeResources: false,
  async fn() {
    const supabase = import.meta.resolve("../../bench/instant_supabase.ts");
    const worker = new Worker(supabase, { type: "module" });
    try {
      const url = await new Promise<string>((resolve) => {
        worker.onmessage = ({ data }) => resolve(data);
      });
      const caller = await mintCaller(crypto.randomUUID());
      const queryChanges = createQueryChanges(createClient(url, publishableKey), () => {});
      const page = await queryChanges(caller, { since: null, fileIds: null, snapshot: true });
      assert.equal(page.current, true);
      await using isolate = createIsolateFeed({ url, publishableKey }, sources.broadcast);
      const { isLive } = isolate.listen(caller);
      await until(isLive, "a live feed");
      assert.deepEqual(await (await fetch(`${url}/_local/realtime`)).json(), {
        sockets: 1,
        channels: 1,
      });
    } finally {
      worker.terminate();
    }
  },
});
