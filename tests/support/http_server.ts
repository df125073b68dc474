/** A server of this test on a free port of 127.0.0.1. */
export interface HttpServer extends AsyncDisposable {
  readonly url: string;
}

/** Serves until it is disposed of; requests that still hang are cut off then. */
export function serveHttp(
  handler: (request: Request) => Response | Promise<Response>,
): HttpServer {
  const controller = new AbortController();
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    signal: controller.signal,
    onListen() {},
    // A handler that fails shows in the answer, not on the console.
    onError: (error) => new Response(String(error), { status: 500 }),
  }, handler);
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    async [Symbol.asyncDispose]() {
      controller.abort();
      await server.finished;
    },
  };
}

/** A URL at which nothing listens. */
export async function unreachableUrl(): Promise<string> {
  const server = serveHttp(() => new Response());
  await server[Symbol.asyncDispose]();
  return server.url;
}
