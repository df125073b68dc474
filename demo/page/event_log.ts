import { byId, element } from "./element.ts";
import type { FileEvent } from "./file_event.ts";

const MOST_ENTRIES = 100;

/** The raw events, the latest first, and how many there were. */
export function createEventLog() {
  const list = byId("event-log");
  const total = byId("event-count");
  let count = 0;

  return {
    add(event: FileEvent, { data, id }: { data: string; id?: string }) {
      const line = element(
        "li",
        { "data-type": event.eventType },
        element("time", {}, new Date(event.timestamp).toLocaleTimeString("en-GB")),
        element("span", { class: "event-type" }, event.eventType),
        element("span", { class: "event-summary" }, summaryOf(event)),
        element("code", {}, data),
      );
      if (id) line.append(element("code", { class: "event-id" }, `id: ${id}`));
      list.prepend(line);
      while (list.childElementCount > MOST_ENTRIES) list.lastElementChild?.remove();
      total.textContent = String(++count);
    },
    clear() {
      count = 0;
      total.textContent = "";
      list.replaceChildren();
    },
  };
}

function summaryOf(event: FileEvent): string {
  if (event.eventType === "closing") return event.reason;
  if (event.eventType !== "file-update") return "";
  const { filename, status, progress } = event.file;
  return `${filename} ${status === "processing" ? `${progress} %` : status}`;
}
