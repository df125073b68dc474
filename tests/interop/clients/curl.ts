import { createParser } from "eventsource-parser";
import { setTimeout as wait } from "node:timers/promises";
import { startCommand } from "../../support/start_command.ts";
import type { Client, Connection } from "../client.ts";

export const curl: Client = {
  name: "curl -N",
  acceptsGzip: true,
  open(connection) {
    const leave = new AbortController();
    const done = follow(connection, leave.signal);
    return {
      async [Symbol.asyncDispose]() {
        leave.abort();
        await done;
      },
    };
  },
};

/** Starts curl again whenever it ends, as a script around it must. */
async function follow(
  { url, token, certificate, receive }: Connection,
  signal: AbortSignal,
): Promise<void> {
  let lastEventId = "";
  let retry = 0;
  const parser = createParser({
    onEvent({ id, data }) {
      lastEventId = id ?? lastEventId;
      receive(data);
    },
    onRetry: (milliseconds) => retry = milliseconds,
  });
  while (!signal.aborted) {
    await using command = startCommand("curl", {
      args: [
        ...["-N", "--silent", "--fail-with-body", "--compressed"],
        ...(certificate ? ["--cacert", certificate] : []),
        ...["--header", `Authorization: Bearer ${token}`],
        ...(lastEventId ? ["--header", `Last-Event-ID: ${lastEventId}`] : []),
        url,
      ],
      onLine: (line) => parser.feed(`${line}\n`),
    });
    const end = () => command.kill("SIGINT");
    signal.addEventListener("abort", end);
    await command.status;
    signal.removeEventListener("abort", end);
    parser.reset();
    await wait(retry, undefined, { signal }).catch(() => {});
  }
}
