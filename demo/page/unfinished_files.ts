import type { SupabaseClient } from "@supabase/supabase-js";
import { writeRow, WRITTEN_COLUMNS } from "../processing/write_row.ts";

/** What becomes of a row when the page ends that worked on it. */
export const ABANDONED = {
  status: "failed",
  error_message: "The page was closed before the file was done.",
};

export const OPEN_STATUSES = ["pending", "processing"];

export interface UnfinishedFiles {
  add: (id: string) => void;
  remove: (id: string) => void;
  ids: () => string[];
}

const PREFIX = "unfinished";

/**
 * Remembers beyond the end of this page which of a user's files it works on: a page that crashes, or
 * is closed while it is offline, can't say itself that they have failed. Another page does, later,
 * by {@linkcode failAbandonedFiles}. A Web Lock tells whether the page of an entry is alive.
 */
export function rememberUnfinishedFiles(userId: string): UnfinishedFiles {
  const key = `${PREFIX} ${userId} ${crypto.randomUUID()}`;
  const ids = new Set<string>();
  const alive = holdUntilThisPageEnds(key);
  const save = () => {
    if (ids.size > 0) localStorage.setItem(key, JSON.stringify([...ids]));
    else localStorage.removeItem(key);
  };
  return {
    add(id) {
      ids.add(id);
      void alive.then(save);
    },
    remove(id) {
      ids.delete(id);
      save();
    },
    ids: () => [...ids],
  };
}

/** Marks as failed what pages of this user that have ended left behind; repeats it until told. */
export async function failAbandonedFiles(
  client: SupabaseClient,
  userId: string,
  signal: AbortSignal,
): Promise<void> {
  const { held = [] } = await navigator.locks.query();
  const alive = new Set(held.map(({ name }) => name));
  for (const key of Object.keys(localStorage)) {
    if (!key.startsWith(`${PREFIX} ${userId} `) || alive.has(key)) continue;
    const ids: string[] = JSON.parse(localStorage.getItem(key) ?? "[]");
    const update = (signal: AbortSignal) =>
      client.from("files").update(ABANDONED).in("id", ids).in("status", OPEN_STATUSES)
        .select(WRITTEN_COLUMNS).abortSignal(signal);
    await writeRow(update, { signal });
    localStorage.removeItem(key);
  }
}

/** Resolves once the lock is held. */
function holdUntilThisPageEnds(name: string): Promise<void> {
  return new Promise((resolve) => {
    void navigator.locks.request(name, () => {
      resolve();
      return new Promise(() => {});
    });
  });
}
