import { fileEvents } from "../../../client/file_events.ts";
import type { Client } from "../client.ts";
import { createFetch } from "./create_fetch.ts";

export const fileEventsClient: Client = {
  name: "the project's own client",
  acceptsGzip: true,
  async open({ url, token, receive, ...connection }) {
    const opened = new AsyncDisposableStack();
    const { fetch } = opened.use(await createFetch({ token, ...connection }));
    const files = opened.use(fileEvents({
      url,
      key: "publishable",
      getToken: () => token,
      fetch,
      onEvent: (event) => receive(JSON.stringify(event)),
    }));
    files.subscribe(() => {});
    return opened;
  },
};
