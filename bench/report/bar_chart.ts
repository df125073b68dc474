import { formatNumber } from "./format_number.ts";
import type { Figure } from "./results.ts";
import { colorClass, round, svg, text } from "./svg.ts";

export interface Panel {
  readonly title: string;
  readonly digits: number;
  /** By the name of the contender. */
  readonly figures: ReadonlyMap<string, Figure>;
}

const WIDTH = 860;
const LABELS = 265;
const TOP = 74;
const ROW = 28;
const GAP = 24;
/** Room for the number behind the longest bar. */
const NUMBER = 48;

/** Panels of bars side by side. A thin line through the end of a bar is the range of the rounds. */
export function barChart(
  title: string,
  contenders: readonly { name: string; label: string }[],
  panels: readonly Panel[],
): string {
  const rows = contenders.filter(({ name }) => panels.some(({ figures }) => figures.has(name)));
  const width = (WIDTH - LABELS - 16) / panels.length - GAP;
  const content = rows.map(({ label }, row) => text(16, TOP + row * ROW + 14, label));
  for (const [index, { title, figures, digits }] of panels.entries()) {
    const left = LABELS + GAP + index * (width + GAP);
    const most = Math.max(...[...figures.values()].map(({ max }) => max));
    const scale = (value: number) => round(value / most * (width - NUMBER));
    content.push(text(left, TOP - 14, title, { class: "quiet" }));
    for (const [row, { name }] of rows.entries()) {
      const top = TOP + row * ROW;
      const found = figures.get(name);
      if (!found) {
        content.push(text(left, top + 14, "–", { class: "quiet" }));
        continue;
      }
      const { median, min, max } = found;
      content.push(
        `<rect class="bar ${colorClass(name)}" x="${round(left)}" y="${top}" width="${
          Math.max(1, scale(median))
        }" height="18" rx="2"/>`,
        ...min === max ? [] : [
          `<line class="range" x1="${round(left + scale(min))}" x2="${
            round(left + scale(max))
          }" y1="${top + 9}" y2="${top + 9}"/>`,
        ],
        text(
          left + Math.max(scale(median), scale(max)) + 6,
          top + 14,
          formatNumber(median, digits),
        ),
      );
    }
  }
  return svg(title, { width: WIDTH, height: TOP + rows.length * ROW + 10 }, content);
}
