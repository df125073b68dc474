import { useCallback, useSyncExternalStore } from "react";
import type { ConnectionStatus } from "./connection_status.ts";
import type { FileEvents } from "./file_events.ts";
import type { FileState } from "./protocol.ts";
import type { Readable } from "./readable.ts";
import { type Summary, summaryOf } from "./summary.ts";

/** What `useFiles` returns: the same object until something in it changes. */
export interface FilesSnapshot<File extends FileState = FileState> {
  readonly files: readonly File[];
  readonly connection: ConnectionStatus;
}

/** On a server, and while its page is hydrated. */
const LOADING: FilesSnapshot<never> = {
  files: [],
  connection: { state: "loading", reason: "", transport: "stream" },
};
const NO_FILES: Summary = {
  total: 0,
  active: 0,
  ready: 0,
  failed: 0,
  progress: null,
  stalled: [],
};

/** The latest snapshot of each source, for all components. */
const snapshots = new WeakMap<object, FilesSnapshot<FileState>>();
/** The summary of each source, for all components. */
const summaries = new WeakMap<object, Readable<Summary>>();

/**
 * All files, and the state of the connection. On a server there are no files, and it says `loading`.
 *
 * Create the source once, outside of components. All hooks share its stream, which opens when the
 * first component with a hook mounts, and closes some seconds after the last one has unmounted.
 */
export function useFiles<File extends FileState>(source: FileEvents<File>): FilesSnapshot<File> {
  const subscribe = useCallback((changed: () => void) => {
    const ends = [source, source.connection].map((part) => part.subscribe(changed));
    return () => ends.forEach((end) => end());
  }, [source]);
  return useSyncExternalStore(subscribe, () => snapshotOf(source), () => LOADING);
}

/**
 * The file with this id, if it is known. The component renders again only when this file changes.
 * On a server, and without an id, `undefined`.
 */
export function useFile<File extends FileState>(
  source: FileEvents<File>,
  id: string | null | undefined,
): File | undefined {
  return useSyncExternalStore(
    source.subscribe,
    () => typeof id === "string" ? source.get(id) : undefined,
    () => undefined,
  );
}

/** How many files there are and how far they are. On a server there are none. */
export function useSummary<File extends FileState>(source: FileEvents<File>): Summary {
  let summary = summaries.get(source);
  if (!summary) summaries.set(source, summary = summaryOf(source));
  return useSyncExternalStore(summary.subscribe, () => summary.value, () => NO_FILES);
}

/** Returns the last snapshot if it still holds, because React compares snapshots by identity. */
function snapshotOf<File extends FileState>(source: FileEvents<File>): FilesSnapshot<File> {
  const last = snapshots.get(source) as FilesSnapshot<File> | undefined;
  const next = { files: source.value, connection: source.connection.value };
  if (last?.files === next.files && last.connection === next.connection) return last;
  snapshots.set(source, next);
  return next;
}
