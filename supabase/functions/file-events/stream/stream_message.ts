import type { EndReason } from "./lifetime.ts";
import type { OutboxEntry } from "./outbox.ts";
import type { ServerSentEventMessage } from "../http/server_sent_event_stream.ts";

/** What follows `eventType: "closing"` as `reason`. */
export type ClosingReason = Exclude<EndReason, "cancelled"> | "busy";

/** Renders what is to be sent in the wire format of `docs/protocol.md`. `now` is in ms. */
export function renderEntry(entry: OutboxEntry, now: number): ServerSentEventMessage {
  const message = render(payload(entry), now);
  return entry.cursor === undefined ? message : { id: entry.cursor, ...message };
}

/** The last message of a stream. It has no id: it covers nothing. */
export function renderClosing(reason: ClosingReason, now: number): ServerSentEventMessage {
  return render({ eventType: "closing", reason }, now);
}

function payload(entry: OutboxEntry) {
  if (entry.kind !== "change") return { eventType: entry.kind };
  const { change } = entry;
  return change.deleted
    ? { eventType: "file-deleted", file: { id: change.id } }
    : { eventType: "file-update", file: change.file };
}

function render(
  { eventType, ...rest }: { readonly eventType: string; readonly [field: string]: unknown },
  now: number,
): ServerSentEventMessage {
  return {
    data: JSON.stringify({ eventType, timestamp: new Date(now).toISOString(), ...rest }),
  };
}
