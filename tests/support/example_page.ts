import type { ChangesPage } from "../../supabase/functions/file-events/stream/changes_since.ts";
import { upTo } from "./example_change.ts";

/** A page of nothing new, the last of its run, but for what is given. */
export function examplePage(fields: Partial<ChangesPage> = {}): ChangesPage {
  return {
    cursor: "c1",
    coverage: upTo(0n),
    revision: 0,
    reset: false,
    more: false,
    current: !fields.more,
    changes: [],
    ...fields,
  };
}
