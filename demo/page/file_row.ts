import { describeResults } from "../processing/describe_results.ts";
import type { Results } from "../processing/process_file.ts";
import { STAGES } from "../processing/stage.ts";
import { element } from "./element.ts";
import type { FileState } from "./file_event.ts";

export interface FileRow {
  element: HTMLElement;
  deleteButton: HTMLButtonElement;
  update: (file: FileState, results: Results | undefined) => void;
}

/** One file of the list. It keeps its elements from update to update, and with them the focus. */
export function createFileRow(onDelete: () => void): FileRow {
  const name = element("span", { class: "file-name" });
  const type = element("span", { class: "file-type" });
  const status = element("span", { class: "file-status" });
  const fill = element("span", { class: "bar-fill" });
  const bar = element("div", {
    class: "bar",
    role: "progressbar",
    "aria-valuemin": "0",
    "aria-valuemax": "100",
  }, fill);
  const stages = STAGES.map((stage) => element("li", { "data-stage": stage }, stage));
  const problem = element("p", { class: "error" });
  const findings = element("dl", { class: "findings" });
  const deleteButton = element("button", { type: "button", class: "delete", title: "Delete" });
  deleteButton.addEventListener("click", onDelete);

  const row = element(
    "li",
    { class: "file" },
    element("div", { class: "file-title" }, name, type),
    status,
    deleteButton,
    bar,
    // The progress bar says it aloud.
    element("ol", { class: "stages", "aria-hidden": "true" }, ...stages),
    problem,
    findings,
  );
  let shown: Results | undefined;

  return {
    element: row,
    deleteButton,
    update(file, results) {
      row.dataset.id = file.id;
      row.dataset.status = file.status;
      name.textContent = file.filename;
      name.title = file.filename;
      type.textContent = file.file_type;
      status.textContent = file.status === "processing" ? `${file.progress} %` : file.status;
      bar.setAttribute("aria-label", file.filename);
      bar.setAttribute("aria-valuenow", String(file.progress));
      bar.setAttribute("aria-valuetext", `${file.progress} %, ${stateOf(file)}`);
      for (const stage of stages) {
        stage.toggleAttribute("data-current", stage.dataset.stage === file.processing_stage);
      }
      fill.style.setProperty("inline-size", `${file.progress}%`);
      problem.textContent = file.error_message ?? "";
      deleteButton.setAttribute("aria-label", `Delete ${file.filename}`);
      if (results !== shown) findings.replaceChildren(...describe(results));
      shown = results;
    },
  };
}

function stateOf({ status, processing_stage }: FileState): string {
  if (status === "processing") return processing_stage ?? "processing";
  if (status === "failed" && processing_stage) return `failed in ${processing_stage}`;
  return status;
}

function describe(results: Results | undefined): Node[] {
  if (!results) return [];
  return describeResults(results).flatMap(([term, phrase]) => [
    element("dt", {}, term),
    element("dd", {}, phrase),
  ]);
}
