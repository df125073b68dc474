import assert from "node:assert/strict";
import type { SupabaseClientLike } from "../../client/options.ts";
import { until } from "../support/until.ts";
import { settle } from "../support/fake_clock.ts";
import { startClientStage } from "./client_stage.ts";
import { tokenOf } from "./fake_auth.ts";

type Listener = Parameters<SupabaseClientLike["auth"]["onAuthStateChange"]>[0];

for (const [name, refreshesAlways] of [["right", false], ["fast", true]] as const) {
  Deno.test(`two clients of one session, of which no token is accepted, don't wake each other for ever: a clock that is ${name}`, async () => {
    let refreshes = 1;
    const listeners = new Set<Listener>();
    const session = () => ({ access_token: tokenOf("ada", refreshes) });
    const answer = () => Promise.resolve({ data: { session: session() }, error: null });
    const refresh = async () => {
      // It takes longer than the answer to a request.
      for (let turn = 0; turn < 5; turn++) await settle();
      refreshes++;
      for (const listener of listeners) listener("TOKEN_REFRESHED", session());
      return answer();
    };
    // As supabase-js does: each refresh is reported to all listeners, in other tabs too.
    const supabase: SupabaseClientLike = {
      auth: {
        // With a clock that is fast each session has expired.
        getSession: () => refreshesAlways ? refresh() : answer(),
        refreshSession: refresh,
        onAuthStateChange: (listener) => {
          listeners.add(listener);
          return { data: { subscription: { unsubscribe: () => void listeners.delete(listener) } } };
        },
      },
    };
    const options = { supabase, getToken: undefined };
    using first = startClientStage({ options });
    for (const count of [1, 2]) {
      await until(() => first.requests.length === count);
      (await first.request()).refuse(401);
    }
    await until(() => /^signed-out/.test(first.states.at(-1)!));
    // A second tab, for example.
    using second = startClientStage({ options });
    const requests = () => [...first.requests.slice(2), ...second.requests];
    const answered = new Set<unknown>();
    // No time passes.
    for (let turn = 0; turn < 200; turn++) {
      await settle();
      for (const request of requests()) if (!answered.has(request)) request.refuse(401);
      for (const request of requests()) answered.add(request);
    }
    assert.ok(requests().length <= 4, `${requests().length} requests, ${refreshes - 1} refreshes`);
  });
}
