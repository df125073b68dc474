import { ServerSentEventStream } from "../../supabase/functions/file-events/http/server_sent_event_stream.ts";
import type { OpenFileStream } from "../../supabase/functions/file-events/stream/file_stream.ts";
import type { Clock } from "../../supabase/functions/file-events/clock.ts";
import { ProtocolClient } from "../support/protocol_client.ts";
import type { Rights } from "./file_database.ts";
import { OWNER } from "./step.ts";

const DAY_MS = 86_400_000;

export interface SeamClientOptions {
  readonly fileIds: readonly string[] | null;
  readonly open: OpenFileStream;
  readonly clock: Pick<Clock, "now">;
}

/** A client of the owner's stream, which stalls, breaks and comes back as a schedule says. */
export class SeamClient {
  readonly protocol = new ProtocolClient();
  fileIds: readonly string[] | null;
  rights: Rights = "aal1";
  isOnline = true;
  /** Called when a connection begins. */
  onConnect = () => {};
  readonly #options: SeamClientOptions;
  #reader: ReadableStreamDefaultReader<Uint8Array> | undefined;
  /** The connection that is being read. */
  #reading: ReadableStreamDefaultReader<Uint8Array> | undefined;
  /** Messages that the client may still read; it stalls at none. */
  #appetite = Infinity;
  #bytesLeft = Infinity;

  constructor(options: SeamClientOptions) {
    this.#options = options;
    this.fileIds = options.fileIds;
  }

  /** What an EventSource does when it has lost its connection; the wait is left out. */
  reconnect(): void {
    if (!this.isOnline || this.#reader) return;
    this.protocol.connect();
    this.onConnect();
    const { open, clock } = this.#options;
    const { userId, rights } = { userId: OWNER, rights: this.rights };
    const caller = { userId, token: "", rights, expiresAt: clock.now() + DAY_MS };
    const lastEventId = this.protocol.lastEventId || null;
    const { readable, writable } = new ServerSentEventStream();
    this.#reader = readable.getReader();
    const parameters = { lastEventId, fileIds: this.fileIds, snapshot: true };
    open(caller, parameters, writable.getWriter());
    this.#read();
  }

  disconnect(): void {
    const reader = this.#reader;
    this.#reader = undefined;
    this.#bytesLeft = Infinity;
    void reader?.cancel();
  }

  goOffline(): void {
    this.isOnline = false;
    this.disconnect();
  }

  /** Breaks the connection after so many bytes. */
  breakAfter(bytes: number): void {
    this.#bytesLeft = bytes;
  }

  stall(): void {
    this.#appetite = 0;
  }

  /** Reads so many messages, if it has stalled. */
  read(messages: number): void {
    this.#appetite = Number.isFinite(this.#appetite) ? messages : Infinity;
    this.#read();
  }

  /** Stays online from now on, and reads all. */
  heal(): void {
    this.isOnline = true;
    this.#appetite = this.#bytesLeft = Infinity;
    this.#read();
  }

  /** Reads as long as there is appetite. Only one loop reads a connection at a time. */
  #read(): void {
    const reader = this.#reader;
    if (!reader || this.#reading === reader || this.#appetite <= 0) return;
    this.#reading = reader;
    void (async () => {
      while (this.#reader === reader && this.#appetite > 0) {
        this.#appetite--;
        const { done, value } = await reader.read();
        if (this.#reader !== reader) break;
        if (done) {
          this.#reader = undefined;
          break;
        }
        this.protocol.receive(value.slice(0, this.#bytesLeft));
        this.#bytesLeft -= value.length;
        if (this.#bytesLeft <= 0) this.disconnect();
      }
      if (this.#reading === reader) this.#reading = undefined;
    })();
  }
}
