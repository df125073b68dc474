import assert from "node:assert/strict";
import { createFileEvents } from "../../client/create_file_events.ts";
import type { Environment } from "../../client/environment.ts";
import { FakeClock, settle } from "../support/fake_clock.ts";
import { TOKEN } from "./client_stage.ts";

const STREAM = { headers: { "content-type": "text/event-stream" } };

/** What a `fetch` may do that has no streams, or is somebody's own. */
const ODD: Record<string, Environment["fetch"]> = {
  "gives an answer without a body": () => Promise.resolve(new Response(null, STREAM)),
  "throws at once": () => {
    throw new TypeError("no network");
  },
};

for (const [what, fetch] of Object.entries(ODD)) {
  Deno.test(`a fetch that ${what} is an outage like any other`, async () => {
    const rejections: unknown[] = [];
    const listen = (event: PromiseRejectionEvent) => {
      event.preventDefault();
      rejections.push(event.reason);
    };
    addEventListener("unhandledrejection", listen);
    try {
      const clock = new FakeClock();
      using files = createFileEvents(
        { url: "https://project.example", key: "key", getToken: () => TOKEN },
        {
          now: () => clock.now(),
          after: (ms, run) => clock.after(ms, run),
          random: () => 0,
          isOnline: () => true,
          watchPage: () => {},
          schedule: queueMicrotask,
          fetch,
        },
      );
      files.subscribe(() => {});
      await settle();
      assert.deepEqual(rejections, []);
      assert.match(files.connection.value.reason, /^(network|not-a-stream)$/);
    } finally {
      removeEventListener("unhandledrejection", listen);
    }
  });
}
