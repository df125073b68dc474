/** The client's end of a WebSocket. The test speaks for the network and the server. */
export class FakeWebSocket {
  readonly OPEN = 1;
  readyState = 0;
  binaryType = "blob";
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onerror: (() => void) | null = null;
  onclose: (() => void) | null = null;
  /** What the client has sent. */
  readonly sent: string[] = [];
  readonly #onSend: (text: string) => void;

  constructor(onSend: (text: string) => void = () => {}) {
    this.#onSend = onSend;
  }

  /** As code that uses a WebSocket sees it. */
  get webSocket(): WebSocket {
    return this as unknown as WebSocket;
  }

  get isClosed(): boolean {
    return this.readyState > this.OPEN;
  }

  send(text: string): void {
    if (this.readyState !== this.OPEN) throw new DOMException("not open", "InvalidStateError");
    this.sent.push(text);
    this.#onSend(text);
  }

  close(): void {
    this.readyState = 3;
  }

  open(): void {
    if (this.isClosed) return;
    this.readyState = this.OPEN;
    this.onopen?.();
  }

  deliver(data: unknown): void {
    this.onmessage?.({ data });
  }

  fail(): void {
    this.onerror?.();
  }

  /** The server closes it, or the network does. */
  lose(): void {
    this.readyState = 3;
    this.onclose?.();
  }
}
