import { fetchEventSource as follow } from "@microsoft/fetch-event-source";
import type { Client } from "../client.ts";
import { createFetch } from "./create_fetch.ts";

export const fetchEventSource: Client = {
  name: "@microsoft/fetch-event-source",
  acceptsGzip: true,
  async open({ url, receive, ...connection }) {
    // It is made for browsers. These two are all that it asks of one. They must not be there sooner,
    // because the database takes them for a browser as it starts.
    Object.assign(globalThis, { window: globalThis, document: new EventTarget() });
    const opened = new AsyncDisposableStack();
    const { fetch } = opened.use(await createFetch(connection));
    const leave = new AbortController();
    const done = follow(url, {
      signal: leave.signal,
      fetch,
      openWhenHidden: true,
      onmessage: ({ data }) => receive(data),
      onclose() {
        throw new Error("The stream has ended: reconnect");
      },
    });
    opened.defer(async () => {
      leave.abort();
      await done;
    });
    return opened;
  },
};
