import type { FileState } from "../../client/protocol.ts";
import type { Summary } from "../../client/summary.ts";
import { byId } from "./element.ts";
import { createFileRow, type FileRow } from "./file_row.ts";
import type { Finding } from "./findings.ts";

export interface FileListOptions {
  onDelete: (file: FileState) => void;
  findingsOf: (id: string) => Finding[] | undefined;
}

export interface FileList {
  /** Shows these files, in this order. */
  show(files: readonly FileState[]): void;
  /** Shows how many of the files are done, and which of those that are shown are stalled. */
  showSummary(summary: Summary): void;
  clear(): void;
}

export function createFileList({ onDelete, findingsOf }: FileListOptions): FileList {
  const list = byId("file-list");
  const rows = new Map<string, FileRow>();

  const show = (files: readonly FileState[]) => {
    const ids = new Set(files.map(({ id }) => id));
    for (const [id, row] of rows) {
      if (ids.has(id)) continue;
      if (row.element.contains(document.activeElement)) focusNeighbour(row);
      row.element.remove();
      rows.delete(id);
    }
    let next: Element | null = null;
    let foundElsewhere = false;
    for (const file of files.toReversed()) {
      const { id } = file;
      const row = rows.get(id) ?? createFileRow(onDelete);
      rows.set(id, row);
      const findings = findingsOf(id);
      row.update(file, findings);
      foundElsewhere ||= file.status === "ready" && !findings;
      if (row.element.nextElementSibling !== next || !row.element.isConnected) {
        list.insertBefore(row.element, next);
      }
      next = row.element;
    }
    const empty = byId("no-files");
    if (files.length > 0 && empty.contains(document.activeElement)) byId("file-input").focus();
    empty.hidden = files.length > 0;
    byId("found-elsewhere").hidden = !foundElsewhere;
  };

  return {
    show,
    showSummary(summary) {
      byId("files-count").textContent = phraseOf(summary);
      for (const [id, row] of rows) row.markStalled(summary.stalled.includes(id));
    },
    clear() {
      show([]);
      byId("files-count").textContent = "";
    },
  };
}

/** Such as `3 of 5 ready, 1 failed`. */
function phraseOf({ total, ready, failed, stalled }: Summary): string {
  if (total === 0) return "";
  return [
    `${ready} of ${total} ready`,
    failed > 0 ? `${failed} failed` : "",
    stalled.length > 0 ? `${stalled.length} stalled` : "",
  ].filter(Boolean).join(", ");
}

/** Who deletes by keyboard goes on with the next file, not from the top of the page. */
function focusNeighbour({ element }: FileRow): void {
  const neighbour = element.nextElementSibling ?? element.previousElementSibling;
  const target = neighbour?.querySelector("button") ?? byId("file-input");
  target.focus();
}
