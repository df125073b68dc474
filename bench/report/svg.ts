/**
 * The colours of the charts in both schemes. They have a background, because a page can have another
 * scheme than the system that this asks.
 */
const STYLE = `
  svg { font: 13px system-ui, sans-serif; color-scheme: light dark; }
  .page { fill: #ffffff; }
  text { fill: #1f2328; }
  .quiet { fill: #59636e; }
  .title { font-size: 15px; font-weight: 600; }
  .rule { stroke: #d1d9e0; }
  .range { stroke: #1f2328; }
  .c0 { --color: #0969da; }
  .c1 { --color: #bc4c00; }
  .c2 { --color: #8250df; }
  .c3 { --color: #1a7f37; }
  .c4 { --color: #6e7781; }
  .bar, .dot { fill: var(--color); }
  .line { stroke: var(--color); stroke-width: 2; fill: none; }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117; }
    text { fill: #f0f6fc; }
    .quiet { fill: #9198a1; }
    .rule { stroke: #3d444d; }
    .range { stroke: #f0f6fc; }
    .c0 { --color: #4493f8; }
    .c1 { --color: #db6d28; }
    .c2 { --color: #ab7df8; }
    .c3 { --color: #3fb950; }
    .c4 { --color: #848d97; }
  }`;

/** An image with a title, which is also what a screen reader says. */
export function svg(
  title: string,
  { width, height }: { width: number; height: number },
  content: readonly string[],
): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escapeText(title)}</title>`,
    `<style>${STYLE}\n</style>`,
    `<rect class="page" width="${width}" height="${height}" rx="6"/>`,
    text(16, 28, title, { class: "title" }),
    ...content,
    "</svg>\n",
  ].join("\n");
}

export function text(
  x: number,
  y: number,
  content: string,
  attributes: Readonly<Record<string, string>> = {},
): string {
  const more = Object.entries(attributes).map(([name, value]) => ` ${name}="${value}"`).join("");
  return `<text x="${round(x)}" y="${round(y)}"${more}>${escapeText(content)}</text>`;
}

export function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Which colour a contender has in all charts: the function's variants share one. */
export function colorClass(contender: string): string {
  const index = ["ours", "seed", "hono", "direct", "bare"].indexOf(contender.split("-")[0]!);
  return `c${index}`;
}

function escapeText(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}
