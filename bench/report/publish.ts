import { renderCharts } from "./charts.ts";
import { describeRun } from "./provenance.ts";
import { replaceBlocks } from "./replace_blocks.ts";
import type { Results } from "./results.ts";
import { renderTables } from "./tables.ts";

const folder = new URL("../../docs/benchmarks/", import.meta.url);
const page = new URL("../../docs/benchmarks.md", import.meta.url);
const resultsFile = new URL("results.json", folder);

/** Writes the results of a complete run into `docs/`: the figures, the tables and the charts. */
export async function publish(results: Results): Promise<void> {
  const { samples, provenance } = results;
  const blocks = new Map([["run", describeRun(provenance)], ...renderTables(samples)]);
  const text = replaceBlocks(await Deno.readTextFile(page), blocks);
  await Deno.mkdir(folder, { recursive: true });
  await Deno.writeTextFile(page, text);
  await Deno.writeTextFile(resultsFile, JSON.stringify(results, null, 2));
  for (const [name, chart] of renderCharts(samples)) {
    await Deno.writeTextFile(new URL(name, folder), chart);
  }
  const files = [page, folder].map(({ pathname }) => pathname);
  await new Deno.Command(Deno.execPath(), { args: ["fmt", "--quiet", ...files] }).output();
}

/** The results that were published last. */
export async function readPublished(): Promise<Results> {
  return JSON.parse(await Deno.readTextFile(resultsFile));
}
