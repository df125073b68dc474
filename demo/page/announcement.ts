import type { FileEvent, FileState } from "../../client/protocol.ts";
import { errorOf, nameOf } from "./file_words.ts";

/**
 * What a screen reader says at an event: what has come to an end, because each per cent of progress
 * would be noise.
 *
 * @param known The file of the event as it was before.
 */
export function announcementOf(event: FileEvent, known: FileState | undefined): string | undefined {
  if (event.eventType === "file-deleted") return known && `${nameOf(known)} deleted`;
  if (event.eventType !== "file-update") return;
  const { file } = event;
  if (known?.status === file.status) return;
  if (file.status === "ready") return `${nameOf(file)} ready`;
  if (file.status !== "failed") return;
  return `${nameOf(file)} failed${file.error_message ? `: ${errorOf(file)}` : ""}`;
}
