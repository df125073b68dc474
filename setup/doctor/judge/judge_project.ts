import { type Answer, jsonOf, quote } from "../answer.ts";
import { broken, ok, type Verdict } from "../verdict.ts";

/** What Supabase's gateway answers for a project that is paused. */
const PAUSED = 540;

/** Judges the answer of Auth's `/settings`, which wants the key and nothing else. */
export function judgeProject(answer: Answer): Verdict {
  const { status } = answer;
  if (status === 0) return broken("project-unreachable", quote(answer));
  if (status === PAUSED) return broken("project-paused");
  if (status >= 500 || status === 429) return broken("project-unavailable", quote(answer));
  if (status === 401 || status === 403) return broken("key-refused", quote(answer));
  if (status !== 200 || !("external" in jsonOf(answer))) {
    return broken("not-supabase", `status ${status}`);
  }
  return ok();
}
