import assert from "node:assert/strict";
import { startClientStage } from "./client_stage.ts";

Deno.test("after close() nothing listens to the option `signal` any more", () => {
  const { signal } = new AbortController();
  const listeners = new Set<unknown>();
  const own = {
    add: signal.addEventListener.bind(signal),
    remove: signal.removeEventListener.bind(signal),
  };
  signal.addEventListener = (type: string, listener: never, options: never) => {
    listeners.add(listener);
    own.add(type, listener, options);
  };
  signal.removeEventListener = (type: string, listener: never) => {
    listeners.delete(listener);
    own.remove(type, listener);
  };
  const stage = startClientStage({ options: { signal } });
  assert.equal(listeners.size, 1);
  stage.files.close();
  assert.equal(listeners.size, 0);
});
