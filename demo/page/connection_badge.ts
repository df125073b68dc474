import { byId } from "./element.ts";
import type { ConnectionState } from "./file_events_connection.ts";

const LABELS: Record<ConnectionState, string> = {
  "connecting": "Connecting",
  "catching-up": "Catching up",
  "live": "Live",
  "reconnecting": "Reconnecting",
};

/** Says how the stream is; undefined while nobody is signed in. */
export function showConnection(state: ConnectionState | undefined, reason?: string): void {
  const badge = byId("connection");
  badge.hidden = state === undefined;
  badge.dataset.state = state ?? "";
  badge.textContent = state ? LABELS[state] + (reason ? ` (${reason})` : "") : "";
}
