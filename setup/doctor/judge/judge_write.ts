import { type Answer, jsonOf } from "../answer.ts";

/**
 * - "done": the database has done it.
 * - "forbidden": the user may not.
 * - "refused": the table does not accept the row.
 * - "unknown": there was no answer, so the row may be there or not.
 */
export type WriteResult = "done" | "forbidden" | "refused" | "unknown";

/** Judges PostgREST's answer to an insert, an update or a delete. */
export function judgeWrite(answer: Answer): WriteResult {
  const { status } = answer;
  const { code } = jsonOf(answer);
  if (status >= 200 && status < 300) return "done";
  if (status === 0 || status >= 502) return "unknown";
  // The table has no such column: --canary may name it.
  if (code === "PGRST204") return "refused";
  // PGRST106: the schema is not exposed. PGRST2…: the table is not among what PostgREST knows.
  const isForbidden = code === "42501" || code === "PGRST106" || /^PGRST2/.test(String(code));
  return isForbidden ? "forbidden" : "refused";
}
