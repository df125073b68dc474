import { byId, element } from "./element.ts";
import type { FileEvent } from "./file_event.ts";
import { formatLatency } from "./format_latency.ts";

const MOST_ENTRIES = 100;

export interface EventLog {
  /** Shows an event; the function it returns adds the event's latency in milliseconds. */
  add(event: FileEvent, message: { data: string; id?: string }): (latency: number) => void;
  clear(): void;
}

/** The events, the latest first, how many there were, and each one's JSON for whoever wants it. */
export function createEventLog({ signal }: { signal: AbortSignal }): EventLog {
  const list = byId("event-log");
  const raw = byId("raw");
  const total = byId("event-count");
  let count = 0;

  raw.addEventListener("click", () => {
    raw.ariaPressed = String(list.toggleAttribute("data-raw"));
  }, { signal });

  return {
    add(event, { data, id }) {
      const [subject, state] = describe(event);
      const latency = element("span", { class: "event-latency" });
      const line = element(
        "li",
        { "data-type": event.eventType },
        element("time", {}, new Date(event.timestamp).toLocaleTimeString("en-GB")),
        element("span", { class: "event-type" }, event.eventType),
        element("span", { class: "event-subject" }, subject),
        element("span", { class: "event-state" }, state),
        latency,
        element("code", { class: "event-data" }, ...breakable(data)),
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

function describe(event: FileEvent): [subject: string, state: string] {
  switch (event.eventType) {
    case "reset":
      return ["all files follow", ""];
    case "ready":
      return ["up to date", ""];
    case "closing":
      return [event.reason, ""];
    case "file-update": {
      const { filename, status, progress } = event.file;
      return [filename, status === "processing" ? `${progress} %` : status];
    }
    default:
      return ["", ""];
  }
}

/** JSON that may wrap between its members; its text stays what it is. */
function breakable(json: string): (Node | string)[] {
  return json.split(/(?<=[,{])(?=")/).flatMap((part) => [part, element("wbr")]);
}
