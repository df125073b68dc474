import { visibleText } from "../visible_text.ts";
import { byId, element } from "./element.ts";

const MOST_NOTICES = 5;

/**
 * Shows something that went wrong, until it is dismissed or newer ones push it out. Returns what
 * takes it away.
 */
export function showNotice(text: string): () => void {
  const list = byId("notices");
  const dismiss = element("button", { type: "button", class: "quiet" }, "Dismiss");
  const notice = element("li", {}, element("span", {}, visibleText(text)), dismiss);
  const remove = () => {
    if (notice.contains(document.activeElement)) {
      const neighbour = notice.nextElementSibling ?? notice.previousElementSibling;
      (neighbour?.querySelector("button") ?? byId("file-input")).focus();
    }
    notice.remove();
  };
  dismiss.addEventListener("click", remove);
  list.append(notice);
  while (list.childElementCount > MOST_NOTICES) list.firstElementChild?.remove();
  return remove;
}
