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
  /**
   * Takes over the state of another tab's replica. A file that is newer here stays, unless one of the
   * two lists has begun anew since.
   */
  readonly restore: (state: readonly FileEvent[], cursor: string) => void;
  readonly clear: () => void;
}

export function createReplica(): Replica {
  const files = new Map<string, FileState>();
  /** From a `reset` to its `ready`: what has come of the new list. `files` stays as it is. */
  let snapshot: Map<string, FileState> | undefined;
  /** The resets with which `files` and `snapshot` have begun. A reset is known by its timestamp. */
  let start = eventOf("reset");
  let nextStart = start;
  /** The events are not the server's, but another tab's list. */
  let isRestoring = false;

  const update = (file: FileState, target: Map<string, FileState>) => {
    const { id, revision } = file;
    if (target.get(id)?.revision! > revision) return;
    const known = files.get(id);
    const isNewerHere = isRestoring && nextStart.timestamp === start.timestamp &&
      known?.revision! > revision;
    const isSame = JSON.stringify(known) === JSON.stringify(file);
    // A file that has not changed stays the same object.
    target.set(id, isNewerHere || isSame ? known! : file);
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
          nextStart = event;
          replica.cursor = "";
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
          start = nextStart;
          replica.isLoaded = true;
      }
      replica.cursor = id ?? replica.cursor;
    },
    state: () => [
      start,
      ...updatesOf(files),
      ...(replica.isLoaded ? [eventOf("ready")] : []),
      ...(snapshot ? [nextStart, ...updatesOf(snapshot)] : []),
    ],
    restore(state: readonly FileEvent[], cursor: string) {
      isRestoring = true;
      for (const event of state) replica.apply(event, cursor);
      isRestoring = false;
    },
    clear() {
      files.clear();
      snapshot = undefined;
      replica.cursor = "";
      replica.isLoaded = false;
    },
  };
  return replica;
}

function updatesOf(files: ReadonlyMap<string, FileState>): FileEvent[] {
  return [...files.values()].map((file) => eventOf("file-update", file));
}

function eventOf(eventType: string, file?: FileState): FileEvent {
  return { eventType, file, timestamp: "" } as FileEvent;
}
