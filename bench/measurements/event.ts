import { subscribeToRealtime } from "../clients/realtime_subscriber.ts";
import { quantile } from "../statistics.ts";
import { until } from "../until.ts";
import type { Measurement } from "./measurement.ts";
import { openStage } from "./stage.ts";

/** Every user so many gets a direct subscriber beside the stream. */
const DIRECT_SHARE = 10;
/** How long the last changes may take to arrive. */
const ARRIVAL_MS = 5_000;

/** What it costs to deliver a change, and how long it takes, at several rates. */
export const event: Measurement = {
  name: "event",
  fits: ({ algorithm }) => algorithm === "ES256",
  async *run(bench, contenders) {
    const { standIn, plan } = bench;
    const users = bench.users.slice(1, plan.eventStreams + 1);
    for (const contender of contenders) {
      await using stage = await openStage(bench, contender);
      await stage.open(users);
      await standIn.setUsers(users.map(({ id }) => id));
      const compared = users.filter((_, n) => n % DIRECT_SHARE === 0);
      using direct = await subscribeToRealtime(standIn.url, compared);
      await standIn.emit({ rate: 500, count: 1_000 }); // warms up
      await stage.quiet();
      await stage.audience.takeLatencies();
      direct.takeLatencies();
      for (const { rate, count } of plan.rates) {
        const [cpu, start] = [stage.cpu(), performance.now()];
        await standIn.emit({ rate, count });
        const seconds = (performance.now() - start) / 1000;
        const latencies: number[] = [];
        await until(async () => {
          latencies.push(...await stage.audience.takeLatencies());
          return latencies.length >= count;
        }, ARRIVAL_MS);
        const used = stage.cpu() - cpu;
        const values: Record<string, number> = {
          cpuMsPerEvent: used / count,
          cpuSharePercent: used / seconds / 10,
          lost: count - latencies.length,
        };
        const directLatencies = direct.takeLatencies();
        for (const [name, q] of [["P50", 0.5], ["P99", 0.99], ["P999", 0.999]] as const) {
          values[`latency${name}Ms`] = quantile(latencies, q);
          values[`direct${name}Ms`] = quantile(directLatencies, q);
          values[`added${name}Ms`] = quantile(latencies, q) - quantile(directLatencies, q);
        }
        yield { contender: contender.name, variant: `${rate} a second`, values };
      }
    }
  },
};
