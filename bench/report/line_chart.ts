import { formatNumber } from "./format_number.ts";
import { colorClass, round, svg, text } from "./svg.ts";

export interface Line {
  readonly name: string;
  readonly label: string;
  readonly points: readonly { x: number; y: number }[];
}

const SIZE = { width: 860, height: 360 };
const PLOT = { left: 70, right: 560, top: 64, bottom: 310 };
const LABEL_HEIGHT = 18;

/** Lines from 0 on, each with its name at its end. */
export function lineChart(
  title: string,
  axes: { x: string; y: string },
  lines: readonly Line[],
): string {
  const points = lines.flatMap(({ points }) => points);
  const [mostX, mostY] = [
    Math.max(...points.map(({ x }) => x)),
    Math.max(...points.map(({ y }) => y)),
  ];
  const x = (value: number) => round(PLOT.left + value / mostX * (PLOT.right - PLOT.left));
  const y = (value: number) => round(PLOT.bottom - value / mostY * (PLOT.bottom - PLOT.top));
  const content = [text(16, 50, axes.y, { class: "quiet" })];
  for (const value of ticks(mostY)) {
    content.push(
      `<line class="rule" x1="${PLOT.left}" x2="${PLOT.right}" y1="${y(value)}" y2="${y(value)}"/>`,
      text(PLOT.left - 8, y(value) + 4, formatNumber(value, 0), {
        class: "quiet",
        "text-anchor": "end",
      }),
    );
  }
  for (const value of new Set(points.map(({ x }) => x))) {
    content.push(
      text(x(value), PLOT.bottom + 20, formatNumber(value, 0), {
        class: "quiet",
        "text-anchor": "middle",
      }),
    );
  }
  content.push(
    text(PLOT.right, PLOT.bottom + 40, axes.x, { class: "quiet", "text-anchor": "end" }),
  );
  let free = Infinity;
  for (const { name, label, points } of lines.toSorted((a, b) => lastY(a) - lastY(b))) {
    const path = points.map((it, n) => `${n === 0 ? "M" : "L"}${x(it.x)} ${y(it.y)}`).join("");
    content.push(`<path class="line ${colorClass(name)}" d="${path}"/>`);
    for (const it of points) {
      content.push(
        `<circle class="dot ${colorClass(name)}" cx="${x(it.x)}" cy="${y(it.y)}" r="3"/>`,
      );
    }
    // The labels are written from the bottom up, each above the one before.
    const at = Math.min(y(points.at(-1)!.y) + 4, free);
    free = at - LABEL_HEIGHT;
    content.push(
      `<rect class="bar ${colorClass(name)}" x="${PLOT.right + 10}" y="${
        round(at - 9)
      }" width="9" height="9" rx="2"/>`,
      text(PLOT.right + 26, at, label),
    );
  }
  return svg(title, SIZE, content);
}

const lastY = ({ points }: Line) => points.at(-1)!.y;

/** About four round numbers from 0 to `most`. */
function ticks(most: number): number[] {
  const rough = most / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((it) => it * power).findLast((it) => it <= rough)!;
  return Array.from({ length: Math.floor(most / step) + 1 }, (_, n) => n * step);
}
