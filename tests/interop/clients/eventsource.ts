import { EventSource } from "eventsource";
import type { Client } from "../client.ts";
import { createFetch } from "./create_fetch.ts";

export const eventsource: Client = {
  name: "npm's eventsource",
  acceptsGzip: true,
  async open({ url, receive, ...connection }) {
    const opened = new AsyncDisposableStack();
    const { fetch } = opened.use(await createFetch(connection));
    const source = new EventSource(url, { fetch });
    opened.defer(() => source.close());
    source.onmessage = ({ data }) => receive(data);
    return opened;
  },
};
