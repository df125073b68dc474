import type { FileChange } from "./file_change.ts";

/** What a stream may always keep for its client, in bytes. */
const GUARANTEED_SIZE = 65_536;
/**
 * While all streams together keep more than this, a stream may keep no more than is guaranteed. In
 * bytes. If its client reads, the limit is higher, so that clients that don't read do not keep others
 * from their files.
 */
const MAX_SIZE = { ofStalled: 16 * 1024 ** 2, ofReading: 64 * 1024 ** 2 };
/** What an entry takes besides its texts, in bytes. */
const ENTRY_SIZE = 400;

/**
 * Counts what waits for the clients of an isolate. Clients that read nothing must not use up its
 * memory. Sizes are estimates in bytes.
 */
export class Backlog {
  #size = 0;

  /** Changes the size of all that waits. */
  add(size: number): void {
    this.#size += size;
  }

  /**
   * Whether a stream may keep what it has.
   *
   * @param streamSize What it has, in bytes.
   * @param isReading Whether its client has read everything that was sent.
   */
  allows(streamSize: number, isReading: boolean): boolean {
    const max = isReading ? MAX_SIZE.ofReading : MAX_SIZE.ofStalled;
    return streamSize <= GUARANTEED_SIZE || this.#size <= max;
  }
}

/** About how many bytes a change takes while it waits. */
export function sizeOf(change: FileChange): number {
  if (change.deleted) return ENTRY_SIZE;
  let size = ENTRY_SIZE;
  // Extra columns are among the values.
  for (const value of Object.values(change.file)) size += sizeOfValue(value);
  return size;
}

function sizeOfValue(value: unknown): number {
  if (typeof value === "string") return value.length;
  return typeof value === "object" && value !== null ? JSON.stringify(value).length : 0;
}
