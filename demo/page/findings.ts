/** A term and a phrase of what came out of a file's processing. */
export type Finding = [term: string, phrase: string];

export interface Findings {
  of: (id: string) => Finding[] | undefined;
  keep: (id: string, findings: Finding[]) => void;
  remove: (id: string) => void;
  clear: () => void;
}

/** What a tab keeps; the oldest go. */
const MOST_FILES = 50;

/**
 * What this tab has found out of a user's files. It is kept with the tab, so that a reload shows it
 * again; no other tab has it, since the stream carries states only.
 */
export function keepFindings(storage: Storage, userId: string): Findings {
  const key = `findings-${userId}`;
  const found = new Map<string, Finding[]>(JSON.parse(storage.getItem(key) ?? "[]"));
  const save = () => storage.setItem(key, JSON.stringify([...found]));
  return {
    of: (id) => found.get(id),
    keep(id, findings) {
      found.set(id, findings);
      if (found.size > MOST_FILES) found.delete(found.keys().next().value!);
      save();
    },
    remove(id) {
      if (found.delete(id)) save();
    },
    clear() {
      found.clear();
      storage.removeItem(key);
    },
  };
}
