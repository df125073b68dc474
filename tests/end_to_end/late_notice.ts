import { serveHttp } from "../support/http_server.ts";
import { passOn } from "../support/pass_on.ts";

/** Edge Runtime's way with clients: that one has gone is noticed only when writes to it fail. */
export interface LateNotice extends AsyncDisposable {
  readonly url: string;
  /** Resolves when a client has gone; the function does not know yet. */
  readonly vanished: Promise<void>;
  /** Chunks that the function has written to clients that had gone. */
  readonly failedWrites: number;
}

/** The first write to a dead socket still succeeds; the reset that it brings back fails the next. */
const WRITES_UNTIL_NOTICED = 2;

/** Starts a proxy to what `target` names. */
export function startLateNotice(target: () => string): LateNotice {
  const vanished = Promise.withResolvers<void>();
  const draining: Promise<void>[] = [];
  let failedWrites = 0;

  async function drain(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
    vanished.resolve();
    for (let writes = 0; writes < WRITES_UNTIL_NOTICED; writes++) {
      const { done } = await reader.read();
      if (done) return;
      failedWrites++;
    }
    await reader.cancel();
  }

  const server = serveHttp(async (request) => {
    const response = await passOn(request, target());
    const reader = response.body!.getReader();
    let isGone = false;
    const body = new ReadableStream({
      async pull(controller) {
        const { done, value } = await reader.read();
        if (isGone) failedWrites++;
        else if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel() {
        isGone = true;
        draining.push(drain(reader));
      },
    });
    return new Response(body, response);
  });
  return {
    url: server.url,
    vanished: vanished.promise,
    get failedWrites() {
      return failedWrites;
    },
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await Promise.all(draining);
    },
  };
}
