import { contenders, isMain } from "../contenders/contenders.ts";
import { barChart, type Panel } from "./bar_chart.ts";
import { lineChart } from "./line_chart.ts";
import { type Figure, figure, type RecordedSample } from "./results.ts";

/** The charts of a complete run, by file name. */
export function renderCharts(samples: readonly RecordedSample[]): Map<string, string> {
  const panel = (
    title: string,
    place: { measurement: string; variant: string; value: string },
    digits: number,
  ): Panel => {
    const figures = new Map<string, Figure>();
    for (const { name } of contenders) {
      const found = figure(samples, { ...place, contender: name });
      if (found) figures.set(name, found);
    }
    return { title, digits, figures };
  };
  const opening = { measurement: "open", value: "cpuMsPerStream" };
  const slowest = { measurement: "event", variant: variantsOf(samples, "event").at(0)! };
  const fastest = { measurement: "event", variant: variantsOf(samples, "event").at(-1)! };
  const memoryOf = (variant: string) => ({
    measurement: "memory",
    variant,
    value: "rssKbPerStream",
  });
  const main = contenders.filter(isMain);
  return new Map([
    [
      "summary.svg",
      barChart("What a stream costs the process that serves it", main, [
        panel("open over TLS, CPU ms", { ...opening, variant: "burst, TLS" }, 1),
        panel("an event, CPU ms", { ...fastest, value: "cpuMsPerEvent" }, 2),
        panel("memory, kB", memoryOf("1000 streams"), 0),
      ]),
    ],
    [
      "open.svg",
      barChart("CPU to open a stream and join its channel, ms", contenders, [
        panel("all at once", { ...opening, variant: "burst" }, 1),
        panel("all at once, TLS", { ...opening, variant: "burst, TLS" }, 1),
        panel("50 a second, TLS", { ...opening, variant: "paced, TLS" }, 1),
      ]),
    ],
    [
      "event.svg",
      barChart("CPU to deliver an event, ms", contenders, [
        panel(`at ${fastest.variant}`, { ...fastest, value: "cpuMsPerEvent" }, 3),
        panel(
          "at saturation",
          { measurement: "saturation", variant: "", value: "cpuMsPerEvent" },
          3,
        ),
      ]),
    ],
    [
      "latency.svg",
      barChart("Change made to change received, p50, ms", contenders, [
        panel(`at ${slowest.variant}`, { ...slowest, value: "latencyP50Ms" }, 2),
        panel(`at ${fastest.variant}`, { ...fastest, value: "latencyP50Ms" }, 2),
      ]),
    ],
    [
      "memory.svg",
      lineChart(
        "Memory of the process",
        { x: "streams", y: "RSS, MB" },
        main.flatMap(({ name, label }) => {
          const points = variantsOf(samples, "memory").flatMap((variant) => {
            const place = { ...memoryOf(variant), value: "rssMb", contender: name };
            const found = figure(samples, place);
            return found ? [{ x: parseInt(variant), y: found.median }] : [];
          });
          return points.length > 0 ? [{ name, label, points }] : [];
        }),
      ),
    ],
  ]);
}

/** The cases of a measurement, in the order in which they were measured. */
function variantsOf(samples: readonly RecordedSample[], measurement: string): string[] {
  const variants = samples.filter((it) => it.measurement === measurement)
    .map(({ variant }) => variant);
  return [...new Set(variants)];
}
