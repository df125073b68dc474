import { byId } from "./element.ts";

export interface DropZoneOptions {
  onFiles: (files: File[]) => void;
  onFolder: (name: string) => void;
  signal: AbortSignal;
}

/** Takes files that are dropped anywhere on the page, or chosen. */
export function setUpDropZone({ onFiles, onFolder, signal }: DropZoneOptions): void {
  const zone = byId("drop");
  const input = byId("file-input") as HTMLInputElement;

  input.addEventListener("change", () => {
    onFiles([...input.files ?? []]);
    // Without this the same file could not be chosen twice in a row.
    input.value = "";
  }, { signal });

  document.addEventListener("dragover", (event) => {
    event.preventDefault();
    zone.dataset.over = "";
  }, { signal });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) delete zone.dataset.over;
  }, { signal });
  document.addEventListener("drop", (event) => {
    event.preventDefault();
    delete zone.dataset.over;
    const files: File[] = [];
    for (const item of event.dataTransfer?.items ?? []) {
      const file = item.getAsFile();
      if (!file) continue;
      if (item.webkitGetAsEntry()?.isDirectory) onFolder(file.name);
      else files.push(file);
    }
    onFiles(files);
  }, { signal });
}
