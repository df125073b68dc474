import type { RouteName } from "./routes.ts";

/** Where a client connects to, and what it does with what it is sent. */
export interface Connection {
  readonly url: string;
  /** A user's access token. */
  readonly token: string;
  /** The file of the certificate to trust, if the server speaks TLS. */
  readonly certificate: string | undefined;
  /** Takes the data of each event, in order. */
  receive(data: string): void;
}

/** A client that people use, set up as docs/protocol.md says. */
export interface Client {
  readonly name: string;
  /** Starts it. It reads its stream, and reconnects whenever that ends, until it is disposed of. */
  open(connection: Connection): AsyncDisposable | Promise<AsyncDisposable>;
  /** Whether it says that it can read a compressed stream. */
  readonly acceptsGzip: boolean;
  /** The routes that it can't take, and why. */
  readonly cannot?: Partial<Record<RouteName, string>>;
}
