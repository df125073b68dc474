import type { LinkReport, LinkStatus, Report } from "./report.ts";

const MARKS: Record<LinkStatus, string> = {
  "ok": "✓",
  "broken": "✗",
  "skipped": "–",
  "not-checked": "–",
};

/** The lines that tell of one link. */
export function renderLink({ status, title, code, problem, cure, detail, findings }: LinkReport) {
  const lines = [`${MARKS[status]} ${title}${remark(status, code, detail)}`];
  if (status === "broken") lines.push(...indent(problem!), ...indent(cure!));
  for (const finding of findings) {
    if (finding.code === code) continue;
    lines.push(...indent(`${finding.code}: ${finding.problem}`), ...indent(finding.cure));
  }
  return lines;
}

function remark(status: LinkStatus, code: string | null, detail: string | null): string {
  if (status === "not-checked") return ": not checked";
  if (status === "broken") return `: ${code}${detail === null ? "" : ` (${detail})`}`;
  return detail === null ? "" : `: ${detail}`;
}

/** The lines after the last link. */
export function renderEnd({ healthy, broken, links, canary, interrupted }: Report): string[] {
  if (canary.left) {
    const row = canary.id === null ? "A row" : `The row with the id ${canary.id}`;
    return ["", `${row} of the doctor may still be in the table. Delete it yourself.`];
  }
  if (interrupted) return ["", "Interrupted. The doctor has left nothing behind."];
  if (healthy) return ["", "All is well: a change of a row reaches the page."];
  const { title } = links.find(({ link }) => link === broken)!;
  return ["", `The first broken link is "${title}". Mend it, then run the doctor again.`];
}

const WIDTH = 96;

/** Breaks a paragraph into lines below the mark. */
function indent(text: string): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && line.length + 1 + word.length > WIDTH) {
      lines.push(`  ${line}`);
      line = "";
    }
    line += line === "" ? word : ` ${word}`;
  }
  return [...lines, `  ${line}`];
}
