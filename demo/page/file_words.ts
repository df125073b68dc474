import type { FileState } from "../../client/protocol.ts";
import { visibleText } from "../visible_text.ts";

/** Names of others are shown as they are, with what would act in them made visible. */
export function nameOf({ filename }: Pick<FileState, "filename">): string {
  return filename ? visibleText(filename) : "Unnamed file";
}

/** Whole per cent from 0 to 100, or null if the row has none. */
export function percentOf({ status, progress }: FileState): number | null {
  if (progress === null) return status === "ready" ? 100 : null;
  return Math.round(Math.min(Math.max(progress, 0), 100));
}

/** Where a file stands, such as `40 %`, `ready`, `queued` or `ocr, 40 %`. */
export function statusOf(file: FileState): string {
  const { status } = file;
  const percent = percentOf(file);
  if (status === "pending" || status === "ready" || status === "failed") return status;
  const word = status && status !== "processing" ? visibleText(status) : "";
  const parts = [word, percent === null ? "" : `${percent} %`].filter(Boolean);
  return parts.join(", ") || status || "no status";
}

/** The stage, or the status where there is none. */
export function stageOf({ status, processing_stage }: FileState): string {
  const stage = processing_stage && visibleText(processing_stage);
  if (status === "failed") return stage ? `failed in ${stage}` : "failed";
  if (status === "ready" || !stage) return visibleText(status ?? "no status");
  return stage;
}

/** An error message line by line; only its line breaks stay what they are. */
export function errorOf({ error_message }: FileState): string {
  return (error_message ?? "").split(/\r?\n/).map(visibleText).join("\n");
}
