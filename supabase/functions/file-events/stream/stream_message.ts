import { jitter } from "../jitter.ts";
import type { EndReason } from "./lifetime.ts";
import type { OutboxEntry } from "./outbox.ts";

/** The `reason` of `closing`. */
export type ClosingReason = Exclude<EndReason, "cancelled" | "answered"> | "busy";

/** The `eventType` in a message's data. */
export type EventType =
  | Exclude<OutboxEntry["kind"], "change">
  | "file-update"
  | "file-deleted"
  | "closing";

/** One Server-Sent Event. It has data, because some clients cannot parse a block without data. */
export interface StreamMessage {
  /** The same as in the data, for whoever must not parse that. */
  readonly eventType: EventType;
  /** The cursor that the client resumes from. */
  readonly id?: string;
  /** One line of JSON. */
  readonly data: string;
  /** Milliseconds that the client waits before it reconnects. */
  readonly retry?: number;
  /** Another message is written at once, so this one may wait for it and share its chunk. */
  readonly moreFollows?: boolean;
}

interface Payload {
  readonly eventType: EventType;
  readonly [field: string]: unknown;
}

/** How long a client waits before it reconnects, in milliseconds before jitter. */
export const RETRY_MS = 2_000;
/** The same after a reason for which an earlier attempt would most likely fail again. */
const LONGER_RETRY_MS: Partial<Record<ClosingReason, number>> = {
  "busy": 60_000,
  "setup-required": 300_000,
};

/** Renders an entry in the wire format of `docs/protocol.md`. `now` is in milliseconds. */
export function renderEntry(entry: OutboxEntry, now: number): StreamMessage {
  const message = render(payload(entry), now);
  return entry.cursor === undefined ? message : { id: entry.cursor, ...message };
}

/**
 * The last message of a stream. It has no id, because it covers nothing.
 *
 * @param options.now Milliseconds since the Unix epoch.
 */
export function renderClosing(
  reason: ClosingReason,
  { now, random }: { now: number; random: () => number },
): StreamMessage {
  const retry = jitter(LONGER_RETRY_MS[reason] ?? RETRY_MS, random);
  return { retry, ...render({ eventType: "closing", reason }, now) };
}

function payload(entry: OutboxEntry): Payload {
  if (entry.kind !== "change") return { eventType: entry.kind };
  const { change } = entry;
  return change.deleted
    ? { eventType: "file-deleted", file: { id: change.id } }
    : { eventType: "file-update", file: change.file };
}

function render({ eventType, ...rest }: Payload, now: number): StreamMessage {
  return {
    eventType,
    data: JSON.stringify({ eventType, timestamp: new Date(now).toISOString(), ...rest }),
  };
}
