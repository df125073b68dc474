import type { FileEvent } from "../../client/protocol.ts";
import { visibleText } from "../visible_text.ts";
import { byId, element } from "./element.ts";
import { stageOf, statusOf } from "./file_words.ts";
import { formatLatency } from "./format_latency.ts";

const MOST_ENTRIES = 100;

export interface LoggedMessage {
  /** The event's id, if it has one. */
  id: string | undefined;
  /** The name of the file it is about, as the page shows it, if known. */
  name: string | undefined;
}

export interface EventLog {
  /** Shows an event; the function it returns adds the event's latency in milliseconds. */
  add(event: FileEvent, message: LoggedMessage): (latency: number) => void;
  clear(): void;
}

/** The events, the latest first, with the JSON of each, and how many there were. */
export function createEventLog(): EventLog {
  const list = byId("event-log");
  const total = byId("event-count");
  let count = 0;

  return {
    add(event, { id, name = "" }) {
      const latency = element("span", { class: "event-latency" });
      const line = element(
        "li",
        { "data-type": event.eventType },
        element("time", {}, new Date(event.timestamp).toLocaleTimeString("en-GB")),
        element("span", { class: "event-type" }, visibleText(event.eventType)),
        element("bdi", { class: "event-subject" }, name || remarkOn(event)),
        element("span", { class: "event-state" }, stateOf(event)),
        latency,
        element("code", { class: "event-data" }, ...breakable(JSON.stringify(event))),
      );
      if (id) line.append(element("code", { class: "event-id" }, `id: ${id}`));
      list.prepend(line);
      while (list.childElementCount > MOST_ENTRIES) list.lastElementChild?.remove();
      total.textContent = String(++count);
      return (ms) => {
        latency.textContent = formatLatency(ms);
      };
    },
    clear() {
      count = 0;
      total.textContent = "";
      list.replaceChildren();
    },
  };
}

function remarkOn(event: FileEvent): string {
  if (event.eventType === "reset") return "all files follow";
  if (event.eventType === "ready") return "up to date";
  return event.eventType === "closing" ? visibleText(event.reason) : "";
}

/** With the stage: one stage ends and the next begins at the same per cent. */
function stateOf(event: FileEvent): string {
  if (event.eventType !== "file-update") return "";
  const { file } = event;
  const status = statusOf(file);
  return file.status === "processing" && file.processing_stage
    ? `${stageOf(file)} ${status}`
    : status;
}

/** JSON that may wrap between its members; its text stays what it is. */
function breakable(json: string): (Node | string)[] {
  return visibleText(json).split(/(?<=[,{])(?=")/).flatMap((part) => [part, element("wbr")]);
}
