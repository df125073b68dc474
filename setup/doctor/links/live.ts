import { awaitChange, describeChange } from "../await_change.ts";
import { judgeJoin } from "../judge/judge_join.ts";
import type { Link } from "../link.ts";
import { type Heard, type Joining, type JoinOptions, joinRealtime } from "../realtime_ear.ts";
import { broken, ok, type Verdict } from "../verdict.ts";
import type { Visit } from "../visit.ts";

/** The clocks of this machine and of the database may differ by this much. */
const CLOCK_DIFFERENCE_MS = 120_000;

/** Do changes come live? If not, the doctor listens itself to find out what keeps them. */
export const liveLink: Link = {
  name: "live",
  title: "Changes come live",
  async check(visit) {
    if (visit.isLive) return ok();
    visit.onProgress("the event came late: listening to Realtime as the user");
    const joining = await join(visit);
    if (joining.kind === "unreachable") return broken("realtime-unreachable", joining.detail);
    if (joining.kind === "refused") return judgeJoin(joining.reason);
    const { ear } = joining;
    try {
      const position = visit.follower!.arrivals.length;
      const { result, ids } = await visit.canary!.update();
      const changedAt = Date.now();
      if (result === "done" && ids.length > 0) {
        const change = awaitChange(visit, {
          eventType: "file-update",
          position,
          changedAt,
          untilMs: Math.max(visit.waits.liveMs, visit.waits.messageMs),
        });
        const isHeard = await ear.hears(isOfCanary(visit), visit.waits.messageMs);
        const arrived = await change;
        // Realtime had just started when the row was inserted.
        if (arrived?.kind === "live") {
          return ok(`${describeChange(arrived)}, at the second attempt`);
        }
        if (arrived?.kind === "held") return broken("buffered", describeChange(arrived));
        if (isHeard) return broken("function-deaf");
      }
    } finally {
      ear.close();
    }
    return judgeSilence(visit);
  },
};

/** Nothing was heard: did the database send nothing, or did Realtime not deliver it? */
async function judgeSilence(visit: Visit): Promise<Verdict> {
  const joining = await join(visit, { replaySince: Date.now() - CLOCK_DIFFERENCE_MS });
  if (joining.kind !== "joined") return broken("realtime-deaf");
  try {
    const isStored = await joining.ear.hears(isOfCanary(visit), visit.waits.messageMs);
    return broken(isStored ? "realtime-deaf" : "broadcast-missing");
  } finally {
    joining.ear.close();
  }
}

function join(visit: Visit, options: Pick<JoinOptions, "replaySince"> = {}): Promise<Joining> {
  const { complaint: { url, key }, effects: { openWebSocket }, waits, signal } = visit;
  const { token, userId } = visit.signedIn!;
  return joinRealtime({
    ...options,
    ...{ url, key, token, userId, openWebSocket, signal },
    timeoutMs: waits.joinMs,
  });
}

/** A message with the canary, or one that says only that something has changed. */
function isOfCanary({ canary }: Visit): (heard: Heard) => boolean {
  return ({ event, fileId }) => event === "change" ? fileId === canary!.id : true;
}
