import { createParser, type EventSourceParser } from "eventsource-parser";
import type { FileState } from "../../supabase/functions/file-events/stream/file_change.ts";

interface StreamEvent {
  readonly eventType: string;
  readonly file: FileState;
  readonly reason?: string;
}

/**
 * A client that does what `docs/protocol.md` asks of one: it keeps a map of its user's files, and
 * resumes with the last id it was sent. It takes bytes, cut anywhere.
 */
export class ProtocolClient {
  readonly files = new Map<string, FileState>();
  lastEventId = "";
  /** The `ready` messages of the connection at hand, since its last `reset`. */
  readies = 0;
  onReady = () => {};
  closing: string | undefined;
  /** What the stream did that the protocol rules out. */
  readonly violations: string[] = [];
  #snapshotBegun = false;
  #decoder = new TextDecoder();
  #parser: EventSourceParser = this.#createParser();

  /** A new connection: what came in half is gone. */
  connect(): void {
    this.#decoder = new TextDecoder();
    this.#parser = this.#createParser();
    this.readies = 0;
    this.closing = undefined;
    this.#snapshotBegun = this.lastEventId !== "";
  }

  receive(bytes: Uint8Array): void {
    this.#parser.feed(this.#decoder.decode(bytes, { stream: true }));
  }

  #createParser(): EventSourceParser {
    return createParser({
      onEvent: ({ id, data }) => {
        const event: StreamEvent = JSON.parse(data);
        this.#apply(event);
        if (id !== undefined) {
          if (event.eventType === "closing") this.violations.push("closing has an id");
          this.lastEventId = id;
        }
      },
      onError: (error) => {
        this.violations.push(String(error));
      },
    });
  }

  #apply({ eventType, file, reason }: StreamEvent): void {
    switch (eventType) {
      case "reset":
        this.files.clear();
        this.#snapshotBegun = true;
        this.readies = 0;
        return;
      case "file-update":
        if (!this.#snapshotBegun) this.violations.push("a snapshot without a reset");
        if (file.revision < (this.files.get(file.id)?.revision ?? 0)) {
          this.violations.push("a file went back in time");
        }
        this.files.set(file.id, file);
        return;
      case "file-deleted":
        this.files.delete(file.id);
        return;
      case "ready":
        if (++this.readies > 1) this.violations.push("ready twice without a reset");
        this.onReady();
        return;
      case "closing":
        this.closing = reason;
    }
  }
}
