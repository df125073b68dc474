import { describeChange } from "../await_change.ts";
import { judgeJoin } from "../judge/judge_join.ts";
import type { Link } from "../link.ts";
import { type Heard, type Joining, type JoinOptions, joinRealtime } from "../realtime_ear.ts";
import { type Touch, touchCanary } from "../touch_canary.ts";
import { broken, ok, type Verdict } from "../verdict.ts";
import type { Visit } from "../visit.ts";

/** The clocks of this machine and of the database may differ by this much. */
const CLOCK_DIFFERENCE_MS = 120_000;
/**
 * So many changes in a row must come live. A catch-up can happen to come in the time of a live
 * change, and the next one comes seconds later.
 */
const LIVE_CHANGES = 2;

/** Do changes come live? If not, the doctor listens itself to find out what keeps them. */
export const liveLink: Link = {
  name: "live",
  title: "Changes come live",
  async check(visit) {
    if (visit.isLive) {
      for (let left = LIVE_CHANGES; left > 0; left--) {
        const touch = await touchCanary(visit, visit.waits.liveMs);
        if (touch.kind === "forbidden" || touch.kind === "not-stamped") return ok("by the insert");
        const verdict = judgeTouch(touch);
        if (!verdict) break;
        if (verdict.status === "broken" || left === 1) return verdict;
      }
    }
    visit.onProgress("changes come late: listening to Realtime as the user");
    return listen(visit);
  },
};

/** `undefined`: the change did not come live. */
function judgeTouch(touch: Touch): Verdict | undefined {
  if (touch.kind === "refused") return broken("canary-refused", touch.words);
  if (touch.kind === "unknown") return broken("data-api-unavailable", touch.words);
  if (touch.kind !== "arrived") return undefined;
  const how = describeChange(touch.change);
  if (touch.change.kind === "held") return broken("buffered", how);
  return touch.change.kind === "live" ? ok(how) : undefined;
}

async function listen(visit: Visit): Promise<Verdict> {
  const joining = await join(visit);
  if (joining.kind === "unreachable") return broken("realtime-unreachable", joining.detail);
  if (joining.kind === "refused") return judgeJoin(joining.reason);
  const { ear } = joining;
  try {
    for (let left = LIVE_CHANGES;; left--) {
      const count = ear.heard.length;
      const touch = await touchCanary(visit, visit.waits.liveMs);
      // Where nothing was changed there is nothing to hear.
      if (touch.kind === "refused" || touch.kind === "unknown") return judgeTouch(touch)!;
      const isMeant = isOfCanary(visit);
      if (!await ear.hears(isMeant, { position: count, milliseconds: visit.waits.messageMs })) {
        break;
      }
      const verdict = judgeTouch(touch);
      if (!verdict) return broken("function-deaf");
      if (verdict.status === "broken" || left === 1) return verdict;
    }
  } finally {
    ear.close();
  }
  return judgeSilence(visit);
}

/** Nothing was heard: did the database send nothing, or did Realtime not deliver it? */
async function judgeSilence(visit: Visit): Promise<Verdict> {
  const joining = await join(visit, { replaySince: Date.now() - CLOCK_DIFFERENCE_MS });
  if (joining.kind !== "joined") return broken("realtime-deaf");
  const { ear } = joining;
  try {
    const milliseconds = visit.waits.messageMs;
    const isStored = await ear.hears(isOfCanary(visit), { position: 0, milliseconds });
    return broken(isStored ? "realtime-deaf" : "broadcast-missing");
  } finally {
    ear.close();
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

function isOfCanary({ canary, changedIn }: Visit): (heard: Heard) => boolean {
  return (heard) => heard.fileId === canary!.id || changedIn.has(heard.changedIn ?? "");
}
