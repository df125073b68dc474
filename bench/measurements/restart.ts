import type { Measurement } from "./measurement.ts";
import { openStage } from "./stage.ts";

/** How long Realtime refuses sockets, in milliseconds. */
const DOWN_MS = 1_000;

/** Realtime restarts: all sockets are dropped. How long it takes until all users are live again. */
export const restart: Measurement = {
  name: "restart",
  fits: ({ algorithm, joins }) => algorithm === "ES256" && joins,
  async *run(bench, contenders) {
    const { standIn, plan } = bench;
    const users = bench.users.slice(1, plan.outageStreams + 1);
    for (const contender of contenders) {
      await using stage = await openStage(bench, contender);
      await stage.open(users);
      const cpu = stage.cpu();
      const start = performance.timeOrigin + performance.now();
      await standIn.restart(DOWN_MS);
      const times = await stage.joined(users);
      const last = Math.max(...users.map(({ id }) => times.get(id)!));
      await stage.quiet();
      yield {
        contender: contender.name,
        variant: "",
        values: {
          liveMs: last - start,
          cpuMsPerStream: (stage.cpu() - cpu) / users.length,
          endedStreams: stage.streams?.endedCount ?? 0,
        },
      };
    }
  },
};
