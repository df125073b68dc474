import { CONFIG, FUNCTION } from "../project/project.ts";
import type { FileChange, Plan } from "./file_change.ts";
import { lineDifference } from "./line_difference.ts";

/** After so many files that somebody has changed, the others are only counted. */
const MAX_EDITED = 10;

/** What a plan will do, in lines for the person who is asked. */
export function describePlan({ changes, notes }: Plan): string[] {
  const [inFunction, others] = [[] as FileChange[], [] as FileChange[]];
  for (const change of changes) {
    (change.path.startsWith(`${FUNCTION}/`) ? inFunction : others).push(change);
  }
  return [
    ...others.filter(({ path }) => path !== CONFIG).map((change) =>
      line(verb(change), change.path)
    ),
    ...describeFunction(inFunction),
    ...others.filter(({ path }) => path === CONFIG).flatMap(describeConfig),
    ...notes,
  ];
}

/** One line for each kind of change, and one for each file that somebody has changed. */
function describeFunction(changes: readonly FileChange[]): string[] {
  const lines: string[] = [];
  for (const kind of ["create", "overwrite", "delete"]) {
    const count = changes.filter((change) => verb(change) === kind).length;
    if (count > 0) {
      lines.push(line(kind, `${FUNCTION}/ (${count} ${count > 1 ? "files" : "file"})`));
    }
  }
  const edited = changes.filter(({ isEdited }) => isEdited).map(({ path }) => path);
  for (const path of edited.slice(0, MAX_EDITED)) {
    lines.push(`${path} is not as file-events installed it: its changes will be lost.`);
  }
  if (edited.length > MAX_EDITED) {
    lines.push(`Nor are ${edited.length - MAX_EDITED} more files in ${FUNCTION}.`);
  }
  return lines;
}

function describeConfig(change: FileChange): string[] {
  const difference = lineDifference(change.before ?? "", change.text ?? "");
  // Only the lines that are shown are changed.
  const kind = verb(change) === "overwrite" ? "change" : verb(change);
  return [line(kind, CONFIG), ...difference.map((text) => `    ${text}`)];
}

function verb({ text, before }: FileChange): string {
  if (text === undefined) return "delete";
  return before === undefined ? "create" : "overwrite";
}

function line(kind: string, path: string): string {
  return `  ${kind.padEnd(9)} ${path}`;
}
