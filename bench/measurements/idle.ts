import { isMain } from "../contenders/contenders.ts";
import type { Measurement } from "./measurement.ts";
import { openStage } from "./stage.ts";

/**
 * What streams cost on which nothing happens, with their heartbeats at the default of 30 s. All
 * contenders are observed at the same time, in the first round only.
 */
export const idle: Measurement = {
  name: "idle",
  fits: isMain,
  async *run(bench, contenders, round) {
    if (round > 0 || !bench.plan.idle) return;
    const { streams, seconds } = bench.plan.idle;
    await using cleanup = new AsyncDisposableStack();
    const stages = [];
    for (const contender of contenders) {
      const stage = cleanup.use(await openStage(bench, contender));
      await stage.open(bench.users.slice(1, streams + 1));
      stages.push({ ...contender, stage });
    }
    const counts = await bench.standIn.counts();
    const before = stages.map(({ stage }) => stage.cpu());
    const start = performance.now();
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    const streamMinutes = streams * (performance.now() - start) / 60_000;
    const queries = (await bench.standIn.counts()).queries - counts.queries;
    for (const [n, { name, isOurs, stage }] of stages.entries()) {
      yield {
        contender: name,
        variant: "",
        values: {
          cpuMsPerStreamMinute: (stage.cpu() - before[n]!) / streamMinutes,
          queriesPerStreamMinute: isOurs ? queries / streamMinutes : 0,
        },
      };
    }
  },
};
