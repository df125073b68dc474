import { judgeRefusal } from "../../../supabase/functions/file-events/realtime/judge_refusal.ts";
import { broken, type Verdict } from "../verdict.ts";

/** Judges a join that Realtime has refused, by its reason. */
export function judgeJoin(reason: string): Verdict {
  const fault = judgeRefusal(reason);
  return broken(fault === "policy" ? "realtime-policy-missing" : "realtime-refused", reason);
}
