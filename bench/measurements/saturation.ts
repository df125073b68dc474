import type { Measurement } from "./measurement.ts";
import { openStage } from "./stage.ts";

/** How often the users whose changes have arrived are sent the next ones, in milliseconds. */
const TICK_MS = 1;

/**
 * How many changes a second arrive if each user always waits for one: the next is made when the last
 * has arrived. The load generator and the stand-in use the same cores.
 */
export const saturation: Measurement = {
  name: "saturation",
  fits: ({ algorithm, kind }) => algorithm === "ES256" && kind === "server",
  async *run(bench, contenders) {
    const { standIn, plan } = bench;
    const users = bench.users.slice(1, plan.eventStreams + 1);
    for (const contender of contenders) {
      await using stage = await openStage(bench, contender);
      await stage.open(users);
      let received = 0;
      let next: string[] = [];
      stage.streams!.onChange = (userId) => {
        received++;
        next.push(userId);
      };
      const timer = setInterval(() => {
        if (next.length > 0) standIn.emitFor(next);
        next = [];
      }, TICK_MS);
      try {
        await standIn.emitFor(users.map(({ id }) => id));
        await new Promise((resolve) => setTimeout(resolve, 500)); // warms up
        const [cpu, start, before] = [stage.cpu(), performance.now(), received];
        await new Promise((resolve) => setTimeout(resolve, plan.saturationSeconds * 1000));
        const seconds = (performance.now() - start) / 1000;
        const events = received - before;
        yield {
          contender: contender.name,
          variant: "",
          values: {
            eventsPerSecond: events / seconds,
            cpuSharePercent: (stage.cpu() - cpu) / seconds / 10,
            cpuMsPerEvent: (stage.cpu() - cpu) / events,
          },
        };
      } finally {
        clearInterval(timer);
      }
    }
  },
};
