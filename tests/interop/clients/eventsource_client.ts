import { createEventSource } from "eventsource-client";
import type { Client } from "../client.ts";
import { createFetch } from "./create_fetch.ts";

export const eventsourceClient: Client = {
  name: "npm's eventsource-client",
  acceptsGzip: true,
  async open({ url, receive, ...connection }) {
    const opened = new AsyncDisposableStack();
    const { fetch } = opened.use(await createFetch(connection));
    const source = createEventSource({ url, fetch, onMessage: ({ data }) => receive(data) });
    opened.defer(() => source.close());
    return opened;
  },
};
