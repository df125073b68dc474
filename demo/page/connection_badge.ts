import { byId } from "./element.ts";
import type { ConnectionState } from "./file_events_connection.ts";
import { formatLatency } from "./format_latency.ts";

const LABELS: Record<ConnectionState, string> = {
  "connecting": "Connecting",
  "catching-up": "Catching up",
  "connected": "Connected",
  "reconnecting": "Reconnecting",
};

/** Says how the stream is; undefined while nobody is signed in. */
export function showConnection(state: ConnectionState | undefined, reason?: string): void {
  const badge = byId("connection");
  badge.hidden = state === undefined;
  badge.dataset.state = state ?? "";
  badge.textContent = state ? LABELS[state] + (reason ? ` (${reason})` : "") : "";
}

/** Shows the usual latency beside the connection; nothing while it is unknown. */
export function showMedianLatency(ms: number | undefined): void {
  byId("latency").hidden = ms === undefined;
  byId("latency-median").textContent = ms === undefined ? "" : formatLatency(ms);
}
