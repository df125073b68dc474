import { byId } from "./element.ts";
import type { FileState } from "./file_event.ts";
import { createFileRow, type FileRow } from "./file_row.ts";
import type { Finding } from "./findings.ts";
import { newestFirst } from "./newest_first.ts";

export interface FileListOptions {
  onDelete: (file: FileState) => void;
  findingsOf: (id: string) => Finding[] | undefined;
}

/** Shows files, the latest first; `show` can be called at any rate, it paints once a frame. */
export function createFileList({ onDelete, findingsOf }: FileListOptions) {
  const list = byId("file-list");
  const rows = new Map<string, FileRow>();
  let frame: number | undefined;

  const paint = (files: Map<string, FileState>) => {
    for (const [id, row] of rows) {
      if (files.has(id)) continue;
      if (row.element.contains(document.activeElement)) focusNeighbour(row);
      row.element.remove();
      rows.delete(id);
    }
    let next: Element | null = null;
    let foundElsewhere = false;
    for (const file of newestFirst(files.values()).reverse()) {
      const { id } = file;
      const row = rows.get(id) ?? createFileRow(() => {
        const current = files.get(id);
        if (current) onDelete(current);
      });
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
    if (files.size > 0 && empty.contains(document.activeElement)) byId("file-input").focus();
    empty.hidden = files.size > 0;
    byId("found-elsewhere").hidden = !foundElsewhere;
    byId("files-count").textContent = files.size > 0 ? String(files.size) : "";
  };

  return {
    show(files: Map<string, FileState>) {
      frame ??= requestAnimationFrame(() => {
        frame = undefined;
        paint(files);
      });
    },
    clear() {
      if (frame !== undefined) cancelAnimationFrame(frame);
      frame = undefined;
      paint(new Map());
    },
  };
}

/** Who deletes by keyboard goes on with the next file, not from the top of the page. */
function focusNeighbour({ element }: FileRow): void {
  const neighbour = element.nextElementSibling ?? element.previousElementSibling;
  const target = neighbour?.querySelector("button") ?? byId("file-input");
  target.focus();
}
