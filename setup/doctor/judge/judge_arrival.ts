/** An event of the stream. */
export interface Arrival {
  readonly eventType: string;
  readonly reason?: string;
  /** The id of the file, as text. */
  readonly fileId?: string;
  /** When the function wrote it, by the function's clock, in milliseconds. */
  readonly writtenAt: number;
  /** When it arrived, by this machine's clock, in milliseconds. */
  readonly at: number;
}

/**
 * - "live": it arrived within the time of a live change.
 * - "held": the function wrote it in time, and it arrived late.
 * - "late": the function itself wrote it late.
 */
export type ArrivalKind = "live" | "held" | "late";

/** An event that was on its way for this much longer than another one was held back. */
const HELD_MS = 1_000;

/**
 * Judges an event that tells of a change which was written at `changedAt`. The clocks of the function
 * and of this machine may differ: the event that was the fastest of all says by how much at most.
 */
export function judgeArrival(
  event: Arrival,
  { all, changedAt, liveMs }: { all: readonly Arrival[]; changedAt: number; liveMs: number },
): ArrivalKind {
  if (event.at - changedAt <= liveMs) return "live";
  const journey = ({ at, writtenAt }: Arrival) => at - writtenAt;
  const fastest = Math.min(...all.map(journey));
  const heldMs = Math.min(HELD_MS, liveMs);
  return journey(event) - fastest >= heldMs ? "held" : "late";
}
