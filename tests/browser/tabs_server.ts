import { type HttpServer, serveHttp } from "../support/http_server.ts";
import { createStreamRelay } from "../support/stream_relay.ts";

/** Serves a page over HTTP/1.1, and what it asks the function for from the same origin. */
export interface TabsServer extends HttpServer {
  openStreams(): number;
}

/** @param base The project's URL. */
export function serveTabs(base: string, script: BodyInit): TabsServer {
  const relay = createStreamRelay();
  const server = serveHttp(({ url, method, headers }) => {
    const { pathname, search } = new URL(url);
    switch (pathname) {
      case "/":
        return respond(PAGE, "text/html");
      case "/sandboxed":
        return respond(PAGE, "text/html", { "content-security-policy": "sandbox allow-scripts" });
      case "/page.js":
        return respond(script, "text/javascript", { "access-control-allow-origin": "*" });
      case "/plain":
        return respond("plain", "text/plain");
    }
    if (method === "OPTIONS") return fetch(`${base}${pathname}`, { method, headers });
    return relay.pass(`${base}${pathname}${search}`, headers);
  });
  return {
    url: server.url,
    openStreams: relay.openStreams,
    async [Symbol.asyncDispose]() {
      relay.cut();
      await server[Symbol.asyncDispose]();
    },
  };
}

const PAGE =
  '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/page.js"></script>';

function respond(body: BodyInit, type: string, headers: HeadersInit = {}): Response {
  return new Response(body, { headers: { "content-type": type, ...headers } });
}
