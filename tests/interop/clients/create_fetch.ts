import type { Connection } from "../client.ts";

/** A `fetch` for npm's libraries, as docs/protocol.md shows it: it sends the token in a header. */
export async function createFetch(
  { token, certificate }: Pick<Connection, "token" | "certificate">,
): Promise<{ fetch: typeof globalThis.fetch } & Disposable> {
  const caCerts = certificate ? [await Deno.readTextFile(certificate)] : [];
  const client = Deno.createHttpClient({ caCerts });
  return {
    fetch(url, init) {
      const headers = new Headers(init?.headers);
      headers.set("authorization", `Bearer ${token}`);
      const options = { ...init, client, headers };
      return fetch(url, options);
    },
    [Symbol.dispose]: () => client.close(),
  };
}
