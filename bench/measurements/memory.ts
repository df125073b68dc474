import { isMain } from "../contenders/contenders.ts";
import type { Measurement } from "./measurement.ts";
import { openStage } from "./stage.ts";

/** How much memory streams take. Neither the token nor the source can matter for it. */
export const memory: Measurement = {
  name: "memory",
  fits: isMain,
  async *run(bench, contenders, round) {
    const { memoryStreams, laterMemoryStreams } = bench.plan;
    for (const contender of contenders) {
      await using stage = await openStage(bench, contender);
      const base = await stage.process.memory();
      let open = 0;
      for (const streams of round === 0 ? memoryStreams : laterMemoryStreams) {
        await stage.open(bench.users.slice(1 + open, 1 + streams));
        open = streams;
        const { rss, heapUsed } = await stage.process.memory();
        yield {
          contender: contender.name,
          variant: `${streams} streams`,
          values: {
            rssKbPerStream: (rss - base.rss) / 1024 / streams,
            heapKbPerStream: (heapUsed - base.heapUsed) / 1024 / streams,
            rssMb: rss / 1024 ** 2,
            heapMb: heapUsed / 1024 ** 2,
          },
        };
      }
    }
  },
};
