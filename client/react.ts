import type { ConnectionStatus } from "./connection_status.ts";
import type { FileEvents } from "./file_events.ts";
import type { FileState } from "./protocol.ts";
import type { Summary } from "./summary.ts";

/** All files, with the state of the connection and a summary. On the server: none, and `loading`. */
export declare function useFiles<File extends FileState>(source: FileEvents<File>): {
  readonly files: readonly File[];
  readonly connection: ConnectionStatus;
  readonly summary: Summary;
};

/** One file. The component renders again only when this file changes. */
export declare function useFile<File extends FileState>(
  source: FileEvents<File>,
  id: string,
): File | undefined;
