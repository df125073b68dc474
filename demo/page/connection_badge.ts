import { visibleText } from "../visible_text.ts";
import { byId } from "./element.ts";
import type { ConnectionState } from "./file_events_connection.ts";
import { formatLatency } from "./format_latency.ts";

const LABELS: Record<ConnectionState, string> = {
  "connecting": "Connecting",
  "catching-up": "Catching up",
  "connected": "Connected",
  "reconnecting": "Reconnecting",
  "offline": "Offline",
};

/** What a person can do something about. */
const REASONS: Record<string, string> = {
  "setup-required": "the database lacks the migrations",
};

/** Says how the stream is; undefined while nobody is signed in. */
export function showConnection(state: ConnectionState | undefined, reason?: string): void {
  const badge = byId("connection");
  badge.hidden = state === undefined;
  badge.dataset.state = state ?? "";
  const why = reason && visibleText(REASONS[reason] ?? reason);
  badge.textContent = state ? LABELS[state] + (why ? ` (${why})` : "") : "";
}

/** Shows the usual latency beside the connection; nothing while it is unknown. */
export function showMedianLatency(ms: number | undefined): void {
  byId("latency").hidden = ms === undefined;
  byId("latency-median").textContent = ms === undefined ? "" : formatLatency(ms);
}
