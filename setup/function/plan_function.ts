import type { FileChange, Plan } from "../plan/file_change.ts";
import { isSameText } from "../plan/is_same_text.ts";
import { FUNCTION } from "../project/project.ts";
import { digestOf, MANIFEST, type Manifest } from "./manifest.ts";

/** The files of the function's folder: those of this version, and what is there now. */
export interface FunctionFiles {
  readonly own: ReadonlyMap<string, string>;
  readonly present: ReadonlyMap<string, string>;
  readonly manifest: Manifest | undefined;
}

/** Brings the function's folder to this version. Files that were never ours stay. */
export async function planFunction({ own, present, manifest }: FunctionFiles): Promise<Plan> {
  const changes: FileChange[] = [];
  for (const [path, text] of own) {
    const before = present.get(path);
    if (before !== undefined && isSameText(before, text)) continue;
    const isEdited = before !== undefined && await digestOf(before) !== manifest?.files.get(path);
    changes.push({ path: `${FUNCTION}/${path}`, text, before, isEdited });
  }
  const others = await planRemoval({ own: new Map(), present: withoutAll(present, own), manifest });
  return { changes: [...changes, ...others.changes], notes: others.notes };
}

/** Deletes the function's files. Files that were never ours stay and are named. */
export async function planRemoval({ own, present, manifest }: FunctionFiles): Promise<Plan> {
  const changes: FileChange[] = [];
  const kept: string[] = [];
  for (const [path, before] of present) {
    if (path === MANIFEST) continue;
    const known = manifest?.files.get(path) ?? (own.has(path) && await digestOf(own.get(path)!));
    if (!known) kept.push(path);
    else {
      const isEdited = await digestOf(before) !== known;
      changes.push({ path: `${FUNCTION}/${path}`, text: undefined, before, isEdited });
    }
  }
  const notes = kept.map((path) => `${FUNCTION}/${path} is not a file of file-events: it stays.`);
  return { changes, notes };
}

function withoutAll(
  files: ReadonlyMap<string, string>,
  others: ReadonlyMap<string, string>,
): Map<string, string> {
  return new Map([...files].filter(([path]) => !others.has(path)));
}
