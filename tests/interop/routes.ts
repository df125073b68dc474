import { startNetwork } from "../support/network.ts";
import { startNginx } from "./nginx.ts";

/** A way from a client to the function. */
export interface Route extends AsyncDisposable {
  readonly url: string;
  /** The file of the certificate to trust, if clients speak TLS with it. */
  readonly certificate?: string;
  /** Breaks every connection without a goodbye; new ones are accepted. */
  cut(): void;
  /** The protocol and the encoding of each answer that has ended, if the route can tell. */
  answers?(): Promise<string[]>;
}

interface RouteKind {
  /** Starts it in front of what listens at `url`. */
  start(url: string): Promise<Route>;
  readonly protocol: "HTTP/1.1" | "HTTP/2.0";
  /** Whether it compresses for clients that accept it. */
  readonly compresses: boolean;
}

export type RouteName = "no proxy" | "nginx" | "nginx with gzip" | "nginx with HTTP/2";

export const ROUTES: Readonly<Record<RouteName, RouteKind>> = {
  "no proxy": { start: startDirectRoute, protocol: "HTTP/1.1", compresses: false },
  "nginx": { start: startNginx, protocol: "HTTP/1.1", compresses: false },
  "nginx with gzip": {
    start: (url) => startNginx(url, { httpDirectives: "gzip on; gzip_types text/event-stream;" }),
    protocol: "HTTP/1.1",
    compresses: true,
  },
  "nginx with HTTP/2": {
    start: (url) => startNginx(url, { http2: true }),
    protocol: "HTTP/2.0",
    compresses: false,
  },
};

function startDirectRoute(url: string): Promise<Route> {
  const network = startNetwork(url);
  return Promise.resolve({
    ...network,
    cut() {
      network.cut();
      network.mend();
    },
  });
}
