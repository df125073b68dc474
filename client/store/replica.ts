import type { FileEvent, FileState } from "../protocol.ts";

/**
 * The files, and the id of the last event that they include. Both are kept or dropped together: an id
 * without its files would resume a stream that never sends them.
 */
export interface Replica {
  /** By id. It stays the same object. */
  readonly files: ReadonlyMap<string, FileState>;
  /** An empty text if there is nothing to resume. */
  readonly cursor: string;
  /** The files are complete. */
  readonly isLoaded: boolean;
  readonly apply: (event: FileEvent, id: string | undefined) => void;
  /** Events that bring an empty replica to this state, but for the cursor. */
  readonly state: () => FileEvent[];
  readonly clear: () => void;
}

export function createReplica(): Replica {
  const files = new Map<string, FileState>();
  /** From a `reset` to its `ready`: what has come of the new list. `files` stays as it is. */
  let snapshot: Map<string, FileState> | undefined;

  const update = (file: FileState, target: Map<string, FileState>) => {
    const { id, revision } = file;
    if (target.get(id)?.revision! > revision) return;
    const known = files.get(id);
    // A file that has not changed stays the same object.
    target.set(id, JSON.stringify(known) === JSON.stringify(file) ? known! : file);
  };

  const replica = {
    files,
    cursor: "",
    isLoaded: false,
    apply(event: FileEvent, id: string | undefined) {
      const target = snapshot ?? files;
      switch (event.eventType) {
        case "reset":
          snapshot = new Map();
          break;
        case "file-update":
          update(event.file, target);
          break;
        case "file-deleted":
          target.delete(event.file.id);
          break;
        case "ready":
          for (const id of files.keys()) if (!target.has(id)) files.delete(id);
          for (const [id, file] of target) files.set(id, file);
          snapshot = undefined;
          replica.isLoaded = true;
      }
      replica.cursor = id ?? replica.cursor;
    },
    state: () => [
      ...listOf(files),
      ...(replica.isLoaded ? [render("ready")] : []),
      ...(snapshot ? listOf(snapshot) : []),
    ],
    clear() {
      files.clear();
      snapshot = undefined;
      replica.cursor = "";
      replica.isLoaded = false;
    },
  };
  return replica;
}

function listOf(files: ReadonlyMap<string, FileState>): FileEvent[] {
  return [render("reset"), ...[...files.values()].map((file) => render("file-update", file))];
}

function render(eventType: string, file?: FileState): FileEvent {
  return { eventType, file, timestamp: "" } as FileEvent;
}
