import { type Arrival, type ArrivalKind, judgeArrival } from "./judge/judge_arrival.ts";
import type { Visit } from "./visit.ts";

export interface Change {
  readonly kind: ArrivalKind;
  /** Milliseconds from the change to its event. */
  readonly milliseconds: number;
}

/** How often it is said what is being waited for. */
const PROGRESS_MS = 15_000;

/**
 * Waits for an event of the canary.
 *
 * @param options.position How many events had arrived before the change. Those are not meant.
 * @param options.changedAt When the change was known to be made.
 * @param options.untilMs How long to wait.
 */
export async function awaitChange(
  visit: Visit,
  { eventType, position, changedAt, untilMs }: {
    eventType: "file-update" | "file-deleted";
    position: number;
    changedAt: number;
    untilMs: number;
  },
): Promise<Change | undefined> {
  const { follower, canary, waits: { liveMs }, onProgress } = visit;
  const isMeant = (event: Arrival) =>
    event.eventType === eventType && event.fileId === canary!.id &&
    follower!.arrivals.indexOf(event) >= position;
  const end = changedAt + untilMs;
  let event = await follower!.find(isMeant, Math.min(liveMs, untilMs));
  while (!event && Date.now() < end) {
    const waited = Math.round((Date.now() - changedAt) / 1000);
    onProgress(`no ${eventType} yet: ${waited} s of ${Math.round(untilMs / 1000)} s`);
    event = await follower!.find(isMeant, Math.min(PROGRESS_MS, end - Date.now()));
  }
  if (!event) return undefined;
  const kind = judgeArrival(event, { all: follower!.arrivals, changedAt, liveMs });
  return { kind, milliseconds: Math.max(0, event.at - changedAt) };
}

/** How an event came, for people. */
export function describeChange({ kind, milliseconds }: Change): string {
  if (kind === "live") return `${milliseconds} ms`;
  return `after ${(milliseconds / 1000).toFixed(1)} s`;
}
