import { contenders } from "../contenders/contenders.ts";
import { formatNumber } from "./format_number.ts";
import { markdownTable } from "./markdown_table.ts";
import { figure, type RecordedSample } from "./results.ts";

interface Column {
  readonly title: string;
  readonly measurement: string;
  readonly variant: string;
  readonly value: string;
  /** What the figure is divided by, or what of it is shown. */
  readonly show?: (value: number) => number;
  readonly digits?: number;
}

/**
 * The tables by the name of their place in `docs/benchmarks.md`. Each row is a contender and each
 * column a figure: its median over the rounds, and its range if there was more than one round.
 */
export function renderTables(samples: readonly RecordedSample[]): Map<string, string> {
  const tables = new Map<string, string>();
  for (const [name, columns] of Object.entries(allColumns(samples))) {
    const shown = columns.filter((column) =>
      contenders.some((it) => cell(samples, column, it.name))
    );
    const rows = contenders
      .map(({ name, label }) => [label, ...shown.map((it) => cell(samples, it, name) ?? "–")])
      .filter((row) => row.slice(1).some((text) => text !== "–"));
    if (rows.length === 0) continue;
    tables.set(name, markdownTable(["", ...shown.map(({ title }) => title)], rows));
  }
  return tables;
}

function cell(
  samples: readonly RecordedSample[],
  column: Column,
  contender: string,
): string | undefined {
  const found = figure(samples, { ...column, contender });
  if (!found) return;
  const show = column.show ?? ((value: number) => value);
  const [median, ...range] = [found.median, found.min, found.max].map(show);
  const format = (value: number) => formatNumber(value, column.digits ?? 1);
  const [low, high] = range.toSorted((a, b) => a - b).map(format);
  return low === high ? format(median!) : `${format(median!)} (${low}–${high})`;
}

function allColumns(samples: readonly RecordedSample[]): Record<string, Column[]> {
  const variants = (measurement: string) => [
    ...new Set(
      samples.filter((it) => it.measurement === measurement).map(({ variant }) => variant),
    ),
  ];
  const column = (measurement: string, variant: string) =>
  (
    title: string,
    value: string,
    rest: Pick<Column, "show" | "digits"> = {},
  ): Column => ({ title, measurement, variant, value, ...rest });
  const [burst, paced] = [column("open", "burst"), column("open", "paced")];
  const [burstTls, pacedTls] = [column("open", "burst, TLS"), column("open", "paced, TLS")];
  const slowest = column("event", variants("event").at(0) ?? "");
  const fastest = column("event", variants("event").at(-1) ?? "");
  const saturation = column("saturation", "");
  const idle = column("idle", "");
  const [restart, cut] = ["Realtime restarts", "clients are cut"]
    .map((variant) => column("outages", variant)) as [typeof burst, typeof burst];
  return {
    open: [
      burst("burst: CPU ms", "cpuMsPerStream", { digits: 2 }),
      burstTls("with TLS", "cpuMsPerStream", { digits: 2 }),
      paced("paced: CPU ms", "cpuMsPerStream", { digits: 2 }),
      pacedTls("with TLS", "cpuMsPerStream", { digits: 2 }),
      burst("Realtime sockets in all", "sockets", { digits: 0 }),
      burst("queries", "queriesPerStream"),
      burst("requests to Auth", "authRequestsPerStream"),
      burstTls("streams in 1 s of CPU, TLS, burst", "cpuMsPerStream", {
        show: perSecond,
        digits: 0,
      }),
      pacedTls("… paced", "cpuMsPerStream", { show: perSecond, digits: 0 }),
    ],
    times: [
      paced("paced: first byte, p50", "firstByteP50Ms"),
      paced("p99", "firstByteP99Ms"),
      paced("ready, p50", "readyP50Ms"),
      paced("p99", "readyP99Ms"),
      paced("joined, p50", "liveP50Ms"),
      paced("p99", "liveP99Ms"),
      burst("burst: ready, p99", "readyP99Ms", { digits: 0 }),
      burst("joined, p99", "liveP99Ms", { digits: 0 }),
    ],
    event: [
      fastest(`CPU ms an event, at ${variants("event").at(-1)}`, "cpuMsPerEvent", { digits: 3 }),
      fastest("lost", "lost", { digits: 0 }),
      saturation("CPU ms an event, closed loop", "cpuMsPerEvent", { digits: 3 }),
      saturation("events a second, closed loop", "eventsPerSecond", { digits: 0 }),
      saturation("% of a core", "cpuSharePercent", { digits: 0 }),
    ],
    latency: [
      slowest(`${variants("event").at(0)}: p50`, "latencyP50Ms", { digits: 2 }),
      slowest("added p50", "addedP50Ms", { digits: 2 }),
      fastest(`${variants("event").at(-1)}: p50`, "latencyP50Ms", { digits: 2 }),
      fastest("p99", "latencyP99Ms"),
      fastest("p99.9", "latencyP999Ms"),
      fastest("added p50", "addedP50Ms", { digits: 2 }),
      fastest("added p99", "addedP99Ms"),
    ],
    memory: variants("memory").flatMap((variant) => {
      const at = column("memory", variant);
      return [
        at(`${variant}: RSS`, "rssKbPerStream", { digits: 0 }),
        at("heap", "heapKbPerStream"),
      ];
    }),
    idle: [
      idle("CPU ms", "cpuMsPerStreamMinute", { digits: 2 }),
      idle("queries", "queriesPerStreamMinute"),
    ],
    outages: [
      restart("Realtime restarts: all live, s", "liveMs", { show: seconds }),
      restart("CPU ms a stream", "cpuMsPerStream", { digits: 2 }),
      cut("clients are cut: all have the missed change, s", "caughtUpMs", { show: seconds }),
      cut("changes missed", "missedChanges", { digits: 0 }),
      cut("all live, s", "liveMs", { show: seconds }),
      cut("CPU ms a stream", "cpuMsPerStream", { digits: 2 }),
    ],
    rates: variants("event").map((variant) =>
      column("event", variant)(`${variant}: % of a core`, "cpuSharePercent")
    ),
    files: variants("files").flatMap((variant) => {
      const at = column("files", variant);
      return [
        at(`${variant}: CPU ms`, "cpuMsPerStream", { digits: 2 }),
        at("queries", "queriesPerStream"),
        at("ready, p50 ms", "readyP50Ms", { digits: 0 }),
      ];
    }),
  };
}

const perSecond = (milliseconds: number) => 1000 / milliseconds;
const seconds = (milliseconds: number) => milliseconds / 1000;
