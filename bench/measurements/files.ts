import { isMain } from "../contenders/contenders.ts";
import { quantile } from "../statistics.ts";
import type { Measurement } from "./measurement.ts";
import { openStage } from "./stage.ts";

/** What a stream's snapshot costs, by the number of its user's files. */
export const files: Measurement = {
  name: "files",
  fits: (contender) => contender.isOurs && isMain(contender),
  async *run(bench, contenders) {
    const { standIn, plan } = bench;
    const users = bench.users.slice(1, plan.fileStreams + 1);
    for (const contender of contenders) {
      for (const count of plan.files) {
        await bench.setFiles(count);
        try {
          await using stage = await openStage(bench, contender);
          const [cpu, counts] = [stage.cpu(), await standIn.counts()];
          const opened = await stage.open(users);
          const ready = opened.map((it) => it.readyAt! - it.requestedAt);
          yield {
            contender: contender.name,
            variant: `${count} files`,
            values: {
              cpuMsPerStream: (stage.cpu() - cpu) / users.length,
              queriesPerStream: ((await standIn.counts()).queries - counts.queries) / users.length,
              readyP50Ms: quantile(ready, 0.5),
              readyP99Ms: quantile(ready, 0.99),
            },
          };
        } finally {
          await bench.setFiles(0);
        }
      }
    }
  },
};
