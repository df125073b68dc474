import type { StreamAudience } from "../clients/stream_audience.ts";
import { isMain } from "../contenders/contenders.ts";
import type { User } from "../stand_in/users.ts";
import { until } from "../until.ts";
import type { Bench, Measurement } from "./measurement.ts";
import { openStage, type Stage } from "./stage.ts";

/** How long Realtime refuses sockets when it restarts, in milliseconds. */
const DOWN_MS = 1_000;
/** How long the clients may take to have the change that they have missed. */
const CATCH_UP_MS = 20_000;

/** How long everybody needs to be served again, and what it costs. */
export const outages: Measurement = {
  name: "outages",
  fits: isMain,
  async *run(bench, contenders) {
    const users = bench.users.slice(1, bench.plan.outageStreams + 1);
    for (const contender of contenders) {
      await using stage = await openStage(bench, contender);
      await stage.open(users);
      if (contender.joins) {
        const values = await restartRealtime(bench, stage, users);
        yield { contender: contender.name, variant: "Realtime restarts", values };
      }
      if (stage.streams) {
        const options = { streams: stage.streams, resumes: contender.isOurs };
        const values = await cutClients(bench, stage, users, options);
        yield { contender: contender.name, variant: "clients are cut", values };
      }
    }
  },
};

/** Realtime drops all sockets and refuses new ones for a moment. */
async function restartRealtime({ standIn }: Bench, stage: Stage, users: readonly User[]) {
  const cpu = stage.cpu();
  const start = performance.timeOrigin + performance.now();
  await standIn.restart(DOWN_MS);
  const times = await stage.joined(users);
  await stage.quiet();
  return {
    liveMs: Math.max(...users.map(({ id }) => times.get(id)!)) - start,
    cpuMsPerStream: (stage.cpu() - cpu) / users.length,
    endedStreams: stage.streams?.endedCount ?? 0,
  };
}

/**
 * All clients are cut at once. Then a file of each changes. Then all reconnect at once, with their
 * last id if they have one.
 */
async function cutClients(
  { standIn }: Bench,
  stage: Stage,
  users: readonly User[],
  { streams, resumes }: { streams: StreamAudience; resumes: boolean },
) {
  const cpuBeforeCut = stage.cpu();
  streams.cut();
  await stage.quiet();
  await standIn.emitFor(users.map(({ id }) => id));
  await stage.quiet();
  const missing = new Set(users.map(({ id }) => id));
  let lastAt = 0;
  streams.onChange = (userId) => {
    missing.delete(userId);
    lastAt = performance.timeOrigin + performance.now();
  };
  const cpu = stage.cpu();
  await standIn.forget();
  const start = performance.timeOrigin + performance.now();
  const opened = await streams.open(users);
  if (resumes) await until(() => missing.size === 0, CATCH_UP_MS);
  const times = await stage.joined(users);
  await stage.quiet();
  const liveAt = opened.map(({ userId, firstByteAt }) => times.get(userId) ?? firstByteAt!);
  return {
    ...(missing.size === 0 && { caughtUpMs: lastAt - start }),
    liveMs: Math.max(...liveAt) - start,
    missedChanges: missing.size,
    cpuMsPerStreamCut: (cpu - cpuBeforeCut) / users.length,
    cpuMsPerStream: (stage.cpu() - cpu) / users.length,
  };
}
