/// <reference lib="dom" />
import type { Page } from "puppeteer-core";

/** What no file that is processed once should do on the page. */
export interface Irregularities {
  /** Bars that moved back, as `name: from → to`. */
  fell: string[];
  /** Names of rows that disappeared. */
  vanished: string[];
}

/** Watches every change of the list, in the page itself, from now on: a reload would end it. */
export async function watchBars(page: Page): Promise<() => Promise<Irregularities>> {
  const watch = await page.evaluateHandle(() => {
    const list = document.getElementById("file-list")!;
    const seen: Irregularities = { fell: [], vanished: [] };
    const nameOf = (row: Element | null) => row?.querySelector(".file-name")?.textContent ?? "";
    new MutationObserver((changes) => {
      for (const { removedNodes } of changes) {
        for (const row of removedNodes) {
          if (!row.isConnected) seen.vanished.push(nameOf(row as Element));
        }
      }
    }).observe(list, { childList: true });
    new MutationObserver((changes) => {
      for (const { target, oldValue } of changes) {
        const bar = target as Element;
        const value = bar.getAttribute("aria-valuenow");
        if (Number(value) < Number(oldValue)) {
          seen.fell.push(`${nameOf(bar.closest(".file"))}: ${oldValue} → ${value}`);
        }
      }
    }).observe(list, {
      subtree: true,
      attributeFilter: ["aria-valuenow"],
      attributeOldValue: true,
    });
    return seen;
  });
  return () => watch.jsonValue();
}
