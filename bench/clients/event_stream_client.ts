const decoder = new TextDecoder();
const encoder = new TextEncoder();

export interface ClientEvents {
  /** The first bytes of the body have come. */
  onFirstByte(): void;
  /** @param block The lines of one event. */
  onBlock(block: string): void;
  /** The server has closed the connection. */
  onEnd(): void;
}

/**
 * A client of an event stream that costs little, so that thousands fit in one process: a TCP
 * connection, a request by hand, and a search for blank lines. It ignores the framing of chunks, which
 * does no harm as long as servers write whole lines at once.
 */
export class EventStreamClient {
  readonly #connection: Deno.TcpConn;
  #isClosed = false;

  private constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  static async connect(
    port: number,
    options: { path: string; token: string; lastEventId: string | undefined; events: ClientEvents },
  ): Promise<EventStreamClient> {
    const { path, token, lastEventId, events } = options;
    const connection = await Deno.connect({ hostname: "127.0.0.1", port });
    const client = new EventStreamClient(connection);
    const lines = [
      `GET ${path} HTTP/1.1`,
      "Host: 127.0.0.1",
      "Accept: text/event-stream",
      `Authorization: Bearer ${token}`,
      ...lastEventId === undefined ? [] : [`Last-Event-ID: ${lastEventId}`],
    ];
    await connection.write(encoder.encode(`${lines.join("\r\n")}\r\n\r\n`));
    client.#read(events).catch(() => {}).finally(() => client.#isClosed || events.onEnd());
    return client;
  }

  close(): void {
    this.#isClosed = true;
    this.#connection.close();
  }

  async #read({ onFirstByte, onBlock }: ClientEvents): Promise<void> {
    const buffer = new Uint8Array(16 * 1024);
    let text = "";
    let isInBody = false;
    for (;;) {
      const length = await this.#connection.read(buffer);
      if (length === null) return;
      text += decoder.decode(buffer.subarray(0, length));
      if (!isInBody) {
        const end = text.indexOf("\r\n\r\n");
        if (end < 0) continue;
        if (!/^HTTP\/1.1 200 /.test(text)) throw new Error(text);
        text = text.slice(end + 4);
        isInBody = true;
        onFirstByte();
      }
      const blocks = text.split("\n\n");
      text = blocks.pop()!;
      blocks.forEach(onBlock);
    }
  }
}
