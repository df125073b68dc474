import { byId, element } from "./element.ts";

const MOST_NOTICES = 5;

/** Shows something that went wrong, until it is dismissed or newer ones push it out. */
export function showNotice(text: string): void {
  const list = byId("notices");
  const dismiss = element("button", { type: "button", class: "quiet" }, "Dismiss");
  const notice = element("li", {}, element("span", {}, text), dismiss);
  dismiss.addEventListener("click", () => notice.remove());
  list.append(notice);
  while (list.childElementCount > MOST_NOTICES) list.firstElementChild?.remove();
}
