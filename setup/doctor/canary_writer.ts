import type { Answer } from "./answer.ts";
import type { Row } from "./canary_row.ts";
import type { WriteResult } from "./judge/judge_write.ts";

/** Which row is meant: that with this value in this column. */
export interface Place {
  readonly column: string;
  readonly value: string;
}

export interface Written {
  readonly result: WriteResult;
  /** The ids of the rows that were written; empty if there was no such row, or it may not be seen. */
  readonly ids: readonly string[];
  /** What was answered, for people. */
  readonly words?: string;
}

/** Writes to the streamed table in one way or another. None of it rejects. */
export interface CanaryWriter {
  insert(row: Row, options: { id: string | undefined }): Promise<Written>;
  update(place: Place, changes: Row): Promise<Written>;
  remove(place: Place): Promise<Written>;
}

/** Reads the ids out of PostgREST's answer. */
export function idsOf({ text }: Pick<Answer, "text">, column: string): string[] {
  try {
    const rows: unknown = JSON.parse(text);
    return Array.isArray(rows) ? rows.map((row) => String(row[column])) : [];
  } catch {
    return [];
  }
}
