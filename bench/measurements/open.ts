import { quantile } from "../statistics.ts";
import type { Bench, Measurement } from "./measurement.ts";
import { openStage } from "./stage.ts";

/** What it costs to open a stream and to join its channel, and how long it takes. */
export const open: Measurement = {
  name: "open",
  fits: () => true,
  async *run(bench, contenders, round) {
    const { burstStreams, paced } = bench.plan;
    for (const contender of contenders) {
      // Two of the four variants of the function differ in the token only. Once is enough for them.
      if (round > 0 && contender.algorithm === "HS256") continue;
      const burst = { streams: burstStreams };
      for (const [variant, how] of Object.entries({ burst, paced })) {
        for (const [name, isSecure] of [[variant, false], [`${variant}, TLS`, true]] as const) {
          const values = await measure(bench, contender, { ...how, isSecure });
          yield { contender: contender.name, variant: name, values };
        }
      }
    }
  },
};

async function measure(
  bench: Bench,
  contender: Parameters<typeof openStage>[1],
  { streams, perSecond, isSecure }: { streams: number; perSecond?: number; isSecure: boolean },
): Promise<Record<string, number>> {
  await using stage = await openStage(bench, contender, { isSecure });
  const [cpu, counts] = [stage.cpu(), await bench.standIn.counts()];
  const opened = await stage.open(bench.users.slice(1, streams + 1), perSecond);
  const after = await bench.standIn.counts();
  const values: Record<string, number> = {
    cpuMsPerStream: (stage.cpu() - cpu) / streams,
    queriesPerStream: (after.queries - counts.queries) / streams,
    authRequestsPerStream: (after.authRequests - counts.authRequests) / streams,
    sockets: after.sockets,
  };
  for (const name of ["firstByte", "ready", "live"] as const) {
    const taken = opened.flatMap((it) => {
      const at = it[`${name}At`];
      return at === undefined ? [] : [at - it.requestedAt];
    });
    if (taken.length === 0) continue;
    values[`${name}P50Ms`] = quantile(taken, 0.5);
    values[`${name}P99Ms`] = quantile(taken, 0.99);
  }
  return values;
}
