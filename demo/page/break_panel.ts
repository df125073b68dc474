import { byId, element } from "./element.ts";

const POLL_MS = 1000;
const MOST_ENTRIES = 12;

interface RealtimeCounts {
  sockets: number;
  channels: number;
}

/** What a fault did, in the words of the person who asked for it. */
const CONSEQUENCES: Record<string, string> = {
  drop: "dropped: every socket is cut, the function reconnects",
  deaf: "deaf: connected as before, and silent",
  down: "down: no connection, no new one either",
  up: "back up",
};

/**
 * The panel that breaks the embedded Realtime and shows what becomes of its sockets and channels.
 * On a real Supabase project there is nothing to break: the panel stays hidden.
 */
export async function setUpBreakPanel(url: string): Promise<void> {
  const first = await fetch(url);
  if (!first.ok) return;
  byId("break").hidden = false;
  let shown = "";

  const log = (text: string) => {
    const time = new Date().toLocaleTimeString("en-GB");
    const list = byId("fault-log");
    list.prepend(element("li", {}, element("time", {}, time), element("span", {}, text)));
    while (list.childElementCount > MOST_ENTRIES) list.lastElementChild?.remove();
  };
  const showCounts = ({ sockets, channels }: RealtimeCounts) => {
    const text = `${plural(sockets, "socket")}, ${plural(channels, "channel")}`;
    if (text === shown) return;
    if (shown) log(text);
    byId("realtime-state").textContent = shown = text;
  };
  const counts = async (): Promise<RealtimeCounts> => await (await fetch(url)).json();
  const poll = async () => {
    if (!document.hidden) showCounts(await counts());
  };
  const inflict = async (fault: string) => {
    const { sockets, channels } = await counts();
    if (fault === "drop" && sockets === 0) return log("no socket to cut");
    if (fault === "deaf" && channels === 0) return log("no channel to deafen");
    const answer = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ fault }),
    });
    const body = await answer.json();
    log(answer.ok ? CONSEQUENCES[fault] ?? fault : `${fault}: ${body.error}`);
    if (answer.ok) showCounts(body);
  };
  const tellProblem = () => {
    const text = "the embedded Supabase does not answer";
    if (text !== shown) log(text);
    shown = text;
  };

  showCounts(await first.json());
  const pollLater = () => setTimeout(() => poll().catch(tellProblem).finally(pollLater), POLL_MS);
  pollLater();
  for (const button of byId("break").querySelectorAll<HTMLButtonElement>("[data-fault]")) {
    button.addEventListener("click", () => {
      inflict(button.dataset.fault!).catch(tellProblem);
    });
  }
}

function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}
