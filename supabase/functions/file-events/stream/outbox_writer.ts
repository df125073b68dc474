import type { Clock } from "../clock.ts";
import type { Outbox } from "./outbox.ts";
import { renderEntry, type StreamMessage } from "./stream_message.ts";

/** Where the messages of a stream are written. A `WritableStreamDefaultWriter` is one. */
export interface MessageWriter {
  /** Resolves when the client can read more. Rejects if it has left. */
  write(message: StreamMessage): Promise<void>;
  /** No message follows. Rejects if the client has left. */
  close(): Promise<void>;
  /** Rejects when the client leaves. */
  readonly closed: Promise<unknown>;
}

/** Entries that wait are written together until their messages have this many characters. */
const MAX_BATCH_LENGTH = 16_384;

/** Writes what waits in an outbox, as fast as the client reads. */
export class OutboxWriter {
  readonly #outbox: Outbox;
  readonly #writer: MessageWriter;
  readonly #clock: Pick<Clock, "now">;
  /** A write will begin in a moment, or the client has not read the last one. */
  #isWriting = false;

  constructor(outbox: Outbox, writer: MessageWriter, clock: Pick<Clock, "now">) {
    this.#outbox = outbox;
    this.#writer = writer;
    this.#clock = clock;
  }

  /** Writes what waits as soon as the client reads, but not before the caller has returned. */
  schedule(): void {
    if (this.#isWriting) return;
    this.#isWriting = true;
    queueMicrotask(this.#write);
  }

  /** Drops what waits, writes `last` if there is one, and accepts nothing more. */
  close(last: StreamMessage | undefined): void {
    this.#outbox.close();
    if (!last) return;
    this.#writer.write(last).catch(ignore);
    this.#writer.close().catch(ignore);
  }

  readonly #write = () => {
    const now = this.#clock.now();
    let length = 0;
    for (let entry = this.#outbox.take(); entry; entry = this.#outbox.take()) {
      const message = renderEntry(entry, now);
      length += message.data.length;
      if (this.#outbox.isEmpty || length >= MAX_BATCH_LENGTH) {
        this.#writer.write(message).then(this.#goOn, ignore);
        return;
      }
      this.#writer.write({ ...message, moreFollows: true }).then(this.#count, ignore);
    }
    this.#isWriting = false;
  };

  readonly #count = () => this.#outbox.countRead();

  readonly #goOn = () => {
    this.#outbox.countRead();
    this.#write();
  };
}

/** A write fails only if the client has left. The writer's `closed` says so too. */
function ignore(): void {}
