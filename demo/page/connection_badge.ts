import type { ConnectionState, ConnectionStatus } from "../../client/connection_status.ts";
import { visibleText } from "../visible_text.ts";
import { byId } from "./element.ts";
import { formatLatency } from "./format_latency.ts";

const LABELS: Record<ConnectionState, string> = {
  "loading": "Loading",
  "live": "Live",
  "reconnecting": "Reconnecting",
  "offline": "Offline",
  "signed-out": "Signed out",
  "refused": "Refused",
  "closed": "",
};

/** Reasons that a person understands better in other words. */
const REASONS: Record<string, string> = {
  "setup-required": "the database lacks the migrations",
  "token": "Auth does not answer",
};

/** Says how the stream is. A closed one belongs to nobody who is signed in: the badge goes away. */
export function showConnection({ state, reason, transport }: ConnectionStatus): void {
  const badge = byId("connection");
  badge.hidden = state === "closed";
  badge.dataset.state = state;
  const how = transport === "polling" ? "polling" : "";
  // That there is no network is the reason for "Offline".
  const why = state === "offline" ? "" : visibleText(REASONS[reason] ?? reason) || how;
  badge.textContent = LABELS[state] + (why && ` (${why})`);
}

/** Shows the usual latency beside the connection; nothing while it is unknown. */
export function showMedianLatency(ms: number | undefined): void {
  byId("latency").hidden = ms === undefined;
  byId("latency-median").textContent = ms === undefined ? "" : formatLatency(ms);
}
