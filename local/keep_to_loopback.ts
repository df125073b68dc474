/** The environment's variables, as {@link Deno.env} and a Map both offer them. */
interface Variables {
  get(name: string): string | undefined;
  set(name: string, value: string): unknown;
  delete(name: string): unknown;
}

const LOOPBACK = ["127.0.0.1", "localhost", "::1"];

/**
 * Makes this process, and those that it starts, reach loopback addresses without the proxy that the
 * machine's environment names, and listen where they are told to.
 *
 * Deno sends requests to `127.0.0.1` through a proxy too. It reads the variables at its first
 * request, so that this must be called before.
 */
export function keepToLoopback(variables: Variables = Deno.env): void {
  // Programs differ in which of the two names they read first.
  const given = [variables.get("NO_PROXY"), variables.get("no_proxy")];
  const hosts = given.flatMap((list) => list?.split(",") ?? []).map((host) => host.trim());
  const value = [...new Set([...hosts.filter(Boolean), ...LOOPBACK])].join(",");
  variables.set("NO_PROXY", value);
  variables.set("no_proxy", value);
  // Deno.serve listens on this address instead of the one it is given.
  variables.delete("DENO_SERVE_ADDRESS");
}
