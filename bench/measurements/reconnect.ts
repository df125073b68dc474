import { until } from "../until.ts";
import type { Measurement } from "./measurement.ts";
import { openStage } from "./stage.ts";

/** How long the clients may take to have the change that they have missed. */
const CATCH_UP_MS = 20_000;

/**
 * All clients are cut at once. Each of their files changes. Then all clients reconnect at once, with
 * their last id if they have one.
 */
export const reconnect: Measurement = {
  name: "reconnect",
  fits: ({ algorithm, kind }) => algorithm === "ES256" && kind === "server",
  async *run(bench, contenders) {
    const { standIn, plan } = bench;
    const users = bench.users.slice(1, plan.outageStreams + 1);
    for (const contender of contenders) {
      await using stage = await openStage(bench, contender);
      const streams = stage.streams!;
      await stage.open(users);
      const cpu = stage.cpu();
      await standIn.forget();
      streams.cut();
      await stage.quiet();
      const left = stage.cpu() - cpu;
      await standIn.emitFor(users.map(({ id }) => id));
      await stage.quiet();
      const missing = new Set(users.map(({ id }) => id));
      let lastAt = 0;
      const start = performance.now();
      streams.onChange = (userId) => {
        missing.delete(userId);
        lastAt = performance.now();
      };
      const before = stage.cpu();
      await standIn.forget();
      await streams.open(users);
      const openedMs = performance.now() - start;
      if (contender.isOurs) await until(() => missing.size === 0, CATCH_UP_MS);
      await stage.joined(users);
      const liveMs = performance.now() - start;
      await stage.quiet();
      yield {
        contender: contender.name,
        variant: "",
        values: {
          openedMs,
          ...(missing.size === 0 && { caughtUpMs: lastAt - start }),
          liveMs,
          missed: missing.size,
          cpuMsPerStreamCut: left / users.length,
          cpuMsPerStream: (stage.cpu() - before) / users.length,
        },
      };
    }
  },
};
