/** Opens a WebSocket on any runtime. Node has one of its own since version 22. */
export async function openWebSocket(url: string): Promise<WebSocket> {
  const Socket = globalThis.WebSocket ?? (await import("ws")).WebSocket;
  return new Socket(url) as WebSocket;
}
