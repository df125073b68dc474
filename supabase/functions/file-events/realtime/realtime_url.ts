/**
 * The address of a project's Realtime server. It holds no token, because each channel joins with a
 * token of its own.
 *
 * @param url The project's URL.
 * @param key Its publishable key.
 */
export function realtimeUrl(url: string, key: string): string {
  const address = new URL("realtime/v1/websocket", url.endsWith("/") ? url : `${url}/`);
  address.protocol = address.protocol.replace("http", "ws");
  address.searchParams.set("apikey", key);
  address.searchParams.set("vsn", "2.0.0");
  return address.href;
}
