import type { Audience, OpenTimes } from "../clients/audience.ts";
import { DirectAudience } from "../clients/direct_audience.ts";
import { StreamAudience } from "../clients/stream_audience.ts";
import { type ContenderProcess, startContenderProcess } from "../contenders/contender_process.ts";
import { type Contender, environmentOf } from "../contenders/contenders.ts";
import type { User } from "../stand_in/users.ts";
import { until } from "../until.ts";
import type { Bench } from "./measurement.ts";
import { processCpu } from "./process_cpu.ts";

/** How long all channels may take to be joined. */
const JOIN_TIMEOUT_MS = 180_000;
/** A process is quiet when it uses less than 2 % of a core for this time. */
const QUIET_MS = 500;
const QUIET_CPU_MS = 10;

/** A contender's process and its clients. */
export interface Stage extends AsyncDisposable {
  readonly process: ContenderProcess;
  readonly audience: Audience;
  /** Undefined if the contender has no server. */
  readonly streams: StreamAudience | undefined;
  /** Of the process so far, in milliseconds. */
  cpu(): number;
  /**
   * Opens streams and waits until all their channels are joined and the process is quiet.
   *
   * @returns Their times, and when each was joined.
   */
  open(users: readonly User[], perSecond?: number): Promise<(OpenTimes & { liveAt?: number })[]>;
  /** Waits until the channels of these users are joined. */
  joined(users: readonly User[]): Promise<ReadonlyMap<string, number>>;
  /** Waits until the process has done what it has to do. */
  quiet(): Promise<void>;
}

/**
 * Starts the process and opens a stream of the first user, which stays open.
 *
 * @param options.isSecure Whether its connections to Supabase have TLS.
 */
export async function openStage(
  { standIn, users }: Pick<Bench, "standIn" | "users">,
  contender: Contender,
  { isSecure = false } = {},
): Promise<Stage> {
  await using cleanup = new AsyncDisposableStack();
  const process = cleanup.use(
    await startContenderProcess(
      contender.module,
      environmentOf(contender, isSecure ? standIn.secureUrl : standIn.url),
    ),
  );
  const streams = process.port === null ? undefined : new StreamAudience({
    port: process.port,
    algorithm: contender.algorithm,
    hasReady: contender.isOurs,
  });
  const audience = cleanup.use(streams ?? new DirectAudience(process));
  const joined = async (users: readonly User[]): Promise<ReadonlyMap<string, number>> => {
    if (!contender.joins) return new Map();
    let times: ReadonlyMap<string, number> = new Map();
    const all = await until(async () => {
      times = await standIn.joinTimes();
      return users.every(({ id }) => times.has(id));
    }, JOIN_TIMEOUT_MS);
    if (!all) throw new Error(`${contender.name}: not all channels were joined in time`);
    return times;
  };
  const cpu = () => processCpu(process.pid);
  const quiet = async () => {
    await until(async () => {
      const before = cpu();
      await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
      return cpu() - before <= QUIET_CPU_MS;
    }, 10_000);
  };
  await standIn.forget();
  await audience.open(users.slice(0, 1));
  await joined(users.slice(0, 1));
  await quiet();
  const resources = cleanup.move();
  return {
    process,
    audience,
    streams,
    cpu,
    joined,
    quiet,
    async open(users, perSecond) {
      const opened = await audience.open(users, perSecond);
      const joinTimes = await joined(users);
      await quiet();
      return opened.map((times) => {
        // Without channels a stream is live at once.
        const liveAt = contender.joins ? joinTimes.get(times.userId) : times.firstByteAt;
        return { ...times, ...(liveAt !== undefined && { liveAt }) };
      });
    },
    async [Symbol.asyncDispose]() {
      await resources.disposeAsync();
      // What the process had open is closed before the next one is measured.
      await until(async () => (await standIn.counts()).sockets === 0, 10_000);
    },
  };
}
