import type { FileState } from "../../client/protocol.ts";
import { STAGES } from "../processing/stage.ts";
import { visibleText } from "../visible_text.ts";
import { element } from "./element.ts";
import { errorOf, nameOf, percentOf, stageOf, statusOf } from "./file_words.ts";
import type { Finding } from "./findings.ts";

export interface FileRow {
  element: HTMLElement;
  update: (file: FileState, findings: Finding[] | undefined) => void;
  /** Whether the file has not changed for much longer than usual. */
  markStalled: (isStalled: boolean) => void;
}

/** One file of the list. It keeps its elements from update to update, and with them the focus. */
export function createFileRow(onDelete: (file: FileState) => void): FileRow {
  // A name in another direction of writing must not carry along what stands beside it.
  const name = element("bdi", { class: "file-name" });
  const type = element("span", { class: "file-type" });
  const status = element("span");
  const stalled = element("span", { hidden: "" }, ", stalled");
  const fill = element("span", { class: "bar-fill" });
  const bar = element("div", {
    class: "bar",
    role: "progressbar",
    "aria-valuemin": "0",
    "aria-valuemax": "100",
  }, fill);
  const stages = STAGES.map((stage) => element("li", { "data-stage": stage }, stage));
  const otherStage = element("li", { class: "other-stage", "data-current": "" });
  const problem = element("p", { class: "error" });
  const details = element("dl", { class: "findings" });
  const deleteButton = element("button", { type: "button", class: "delete", title: "Delete" });
  deleteButton.addEventListener("click", () => shownFile && onDelete(shownFile));

  const row = element(
    "li",
    { class: "file" },
    element("div", { class: "file-title" }, name, type),
    element("span", { class: "file-status" }, status, stalled),
    deleteButton,
    bar,
    // The progress bar says it aloud.
    element("ol", { class: "stages", "aria-hidden": "true" }, ...stages, otherStage),
    problem,
    details,
  );
  let shownFile: FileState | undefined;
  let shownFindings: Finding[] | undefined;

  const showStage = (stage: string | null) => {
    const isOther = stage !== null && !(STAGES as readonly string[]).includes(stage);
    row.toggleAttribute("data-other-stage", isOther);
    otherStage.textContent = isOther ? visibleText(stage) : "";
    otherStage.toggleAttribute("data-current", isOther);
    if (isOther) otherStage.dataset.stage = stage;
    else delete otherStage.dataset.stage;
    for (const item of stages) item.toggleAttribute("data-current", item.dataset.stage === stage);
  };

  const showFile = (file: FileState) => {
    const percent = percentOf(file);
    row.dataset.id = file.id;
    row.dataset.status = file.status ?? "";
    name.textContent = name.title = nameOf(file);
    name.toggleAttribute("data-unnamed", !file.filename);
    type.textContent = visibleText(file.file_type ?? "");
    status.textContent = statusOf(file);
    bar.setAttribute("aria-label", nameOf(file));
    if (percent === null) bar.removeAttribute("aria-valuenow");
    else bar.setAttribute("aria-valuenow", String(percent));
    bar.setAttribute(
      "aria-valuetext",
      `${percent === null ? "" : `${percent} %, `}${stageOf(file)}`,
    );
    fill.style.setProperty("inline-size", `${percent ?? 0}%`);
    showStage(file.processing_stage);
    problem.textContent = errorOf(file);
    deleteButton.setAttribute("aria-label", `Delete ${nameOf(file)}`);
  };

  return {
    element: row,
    update(file, findings) {
      if (file !== shownFile) showFile(file);
      if (findings !== shownFindings) details.replaceChildren(...describe(findings ?? []));
      shownFile = file;
      shownFindings = findings;
    },
    markStalled(isStalled) {
      row.toggleAttribute("data-stalled", isStalled);
      stalled.hidden = !isStalled;
    },
  };
}

function describe(findings: Finding[]): Node[] {
  return findings.flatMap(([term, phrase]) => [
    element("dt", {}, term),
    element("dd", {}, phrase),
  ]);
}
