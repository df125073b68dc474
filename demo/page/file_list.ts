import type { Results } from "../processing/process_file.ts";
import { byId } from "./element.ts";
import type { FileState } from "./file_event.ts";
import { createFileRow, type FileRow } from "./file_row.ts";

export interface FileListOptions {
  onDelete: (file: FileState) => void;
}

/** Shows files, the latest first; `show` can be called at any rate, it paints once a frame. */
export function createFileList({ onDelete }: FileListOptions) {
  const list = byId("file-list");
  const rows = new Map<string, FileRow>();
  let frame: number | undefined;

  const paint = (files: Map<string, FileState>, results: Map<string, Results>) => {
    for (const [id, row] of rows) {
      if (files.has(id)) continue;
      if (row.element.contains(document.activeElement)) focusNeighbour(row);
      row.element.remove();
      rows.delete(id);
    }
    let next: Element | null = null;
    for (const [id, file] of files) {
      const row = rows.get(id) ?? createFileRow(() => {
        const current = files.get(id);
        if (current) onDelete(current);
      });
      rows.set(id, row);
      row.update(file, results.get(id));
      if (row.element.nextElementSibling !== next || !row.element.isConnected) {
        list.insertBefore(row.element, next);
      }
      next = row.element;
    }
    byId("no-files").hidden = files.size > 0;
    byId("files-count").textContent = files.size > 0 ? String(files.size) : "";
  };

  return {
    show(files: Map<string, FileState>, results: Map<string, Results>) {
      frame ??= requestAnimationFrame(() => {
        frame = undefined;
        paint(files, results);
      });
    },
    clear() {
      if (frame !== undefined) cancelAnimationFrame(frame);
      frame = undefined;
      paint(new Map(), new Map());
    },
  };
}

/** Who deletes by keyboard goes on with the next file, not from the top of the page. */
function focusNeighbour({ element }: FileRow): void {
  const neighbour = element.nextElementSibling ?? element.previousElementSibling;
  const target = neighbour?.querySelector("button") ?? byId("file-input");
  target.focus();
}
