import { askCatchUp } from "../catch_up.ts";
import { describeVersion, judgeCatchUp } from "../judge/judge_catch_up.ts";
import type { Link } from "../link.ts";
import { broken, ok } from "../verdict.ts";

/** Does the database answer the catch-up query, and does the stream say `ready`? */
export const snapshotLink: Link = {
  name: "snapshot",
  title: "The stream has a snapshot",
  async check(visit) {
    const { follower, waits } = visit;
    // Without a snapshot, because the answer can be large. It knows more than the stream says.
    const page = await askCatchUp(visit, { snapshot: false });
    const verdict = judgeCatchUp(page);
    if (verdict.status !== "ok") return verdict;
    const startedAt = performance.now();
    const found = await follower!.find(
      ({ eventType, reason }) => eventType === "ready" || reason === "setup-required",
      waits.readyMs,
    );
    if (!found) return broken("snapshot-missing", `no ready in ${waits.readyMs / 1000} s`);
    if (found.eventType !== "ready") return broken("schema-other-version", describeVersion(page));
    const count = follower!.arrivals.filter(({ eventType }) => eventType === "file-update").length;
    return ok(`${count} files, ${Math.round(performance.now() - startedAt)} ms`);
  },
};
