import type { FileChange, FileEvents } from "../../client/file_events.ts";
import type { FileState } from "../../client/protocol.ts";

export interface FileConsumersOptions {
  readonly files: FileEvents;
  /** The files that are waited for. */
  readonly ids: readonly string[];
  /** Who is signed in. */
  readonly user: () => string;
  readonly isOwn: (file: FileState, user: string) => boolean;
  /** Passes some time. One of the consumers does so after each event. */
  readonly pause: () => Promise<void>;
}

/** Consumers of a client's `events()` and `done()`, which must see what subscribers see. */
export class FileConsumers {
  readonly violations: string[] = [];
  readonly #options: FileConsumersOptions;
  /** What each of the consumers of `events()` has, by id. */
  readonly #replicas: Map<string, FileState>[] = [];
  /** The files that `done()` is asked for and has not settled. */
  readonly #awaited = new Set<string>();
  #end = new AbortController();

  constructor(options: FileConsumersOptions) {
    this.#options = options;
  }

  start(): void {
    this.#end = new AbortController();
    this.#consume(async () => {});
    this.#consume(this.#options.pause);
    this.#awaitAll();
  }

  stop(): void {
    this.#end.abort();
    this.#replicas.length = 0;
    this.#awaited.clear();
  }

  /** Nothing has moved for long enough that all consumers have the last state. */
  async check(settle: () => Promise<void>): Promise<void> {
    const { files } = this.#options;
    const shown = text(files.value);
    if (this.#replicas.some((replica) => text(replica.values()) !== shown)) {
      this.violations.push("events() yields other files than it shows");
    }
    this.#awaitAll();
    await settle();
    for (const file of files.value) {
      if (this.#awaited.has(file.id) === (files.outcome(file) !== "active")) {
        this.violations.push("done() has not settled as the file has");
      }
    }
  }

  #awaitAll(): void {
    for (const id of this.#options.ids) if (!this.#awaited.has(id)) this.#await(id);
  }

  async #await(id: string): Promise<void> {
    const { files } = this.#options;
    const { signal } = this.#end;
    this.#awaited.add(id);
    try {
      const file = await files.done(id, { signal });
      if (files.outcome(file) !== "ready") this.violations.push("done() resolved too early");
    } catch (error) {
      if (!signal.aborted) this.#expectError(error);
    }
    if (!signal.aborted) this.#awaited.delete(id);
  }

  async #consume(pause: () => Promise<void>): Promise<void> {
    const { files } = this.#options;
    const { signal } = this.#end;
    const replica = new Map<string, FileState>();
    this.#replicas.push(replica);
    while (!signal.aborted) {
      replica.clear();
      // Who begins before anybody is signed in is given the files of whoever signs in.
      let user: string | undefined;
      try {
        for await (const change of files.events({ signal })) {
          user ??= this.#options.user();
          this.#apply(replica, change, user);
          await pause();
        }
        return;
      } catch (error) {
        this.#expectError(error);
        // The status may be told later than this.
        await this.#options.pause();
        await this.#signedIn(signal);
      }
    }
  }

  #apply(replica: Map<string, FileState>, change: FileChange, user: string): void {
    const { eventType, file } = change;
    if (eventType === "file-update") {
      if (!this.#options.isOwn(file, user)) this.violations.push("events() yields another's file");
      if (replica.get(file.id) === file) this.violations.push("events() yields what is known");
      replica.set(file.id, file);
    } else if (!replica.delete(file.id)) {
      this.violations.push("events() deletes what is not known");
    }
  }

  /** Resolves once somebody is signed in. */
  #signedIn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      signal.addEventListener("abort", () => resolve());
      const stop = this.#options.files.connection.subscribe(({ state }) => {
        if (state === "signed-out") return;
        resolve();
        queueMicrotask(() => stop());
      });
    });
  }

  #expectError(error: unknown): void {
    if (!(error instanceof Error) || error.name !== "FileEventsError") {
      this.violations.push(`an unexpected error: ${error}`);
    }
  }
}

function text(files: Iterable<FileState>): string {
  return JSON.stringify([...files].sort((a, b) => a.id < b.id ? -1 : 1));
}
