import type { FileState } from "../../client/protocol.ts";
import type { Predicate } from "./event_stream.ts";

export function isType(eventType: string): Predicate {
  return (event) => event.eventType === eventType;
}

/** A `file-update` of the file with `id`, with at least these fields. */
export function isUpdate(id: string, fields: Partial<FileState> = {}): Predicate {
  return ({ eventType, file }) =>
    eventType === "file-update" && file?.id === id &&
    Object.entries(fields).every(([name, value]) => file[name as keyof FileState] === value);
}

export function isDeletion(id: string): Predicate {
  return ({ eventType, file }) => eventType === "file-deleted" && file?.id === id;
}
