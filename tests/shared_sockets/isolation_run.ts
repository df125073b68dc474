import type { Caller } from "../../supabase/functions/file-events/stream/caller.ts";
import { systemClock } from "../../supabase/functions/file-events/system_clock.ts";
import type { ChannelSource } from "../../supabase/functions/file-events/realtime/channel_source.ts";
import { shareFeed } from "../../supabase/functions/file-events/realtime/share_feed.ts";
import type { FileChange } from "../../supabase/functions/file-events/stream/file_change.ts";
import type { Stack } from "../../local/stack.ts";
import { until } from "../support/until.ts";
import { createIsolateFeed, insertUsers, type Listener, mintCaller } from "./feed_stack.ts";
import { FileWriter } from "./file_writer.ts";

export interface IsolationReport {
  /** Changes that came to a user, each counted once however many streams the user has. */
  delivered: number;
  /** The same, counted once a stream. */
  heard: number;
  /** What came to somebody whose it was not, or was never committed. */
  foreign: string[];
  /** What did not come to a stream that was live all the while. */
  missing: string[];
  /** How often a live stream was owed a change in calm times. */
  owed: number;
  /** What was done besides writing. */
  done: Record<string, number>;
}

export interface IsolationOptions {
  readonly source: ChannelSource;
  /** What is done, and when, is drawn from these numbers. */
  readonly random: () => number;
  /** Goes on until so many changes were delivered, or something went wrong. */
  readonly target: number;
  readonly users?: number;
  readonly share?: typeof shareFeed;
  /** Whether streams come and go and the server fails; without, all is calm. */
  readonly storms?: boolean;
}

interface Stream extends Listener {
  readonly revisions: Set<number>;
  downs: number;
  readonly isShortLived: boolean;
}

/** A share renews 15 s before a token's end; by this clock 2 s, so that short-lived ones will do. */
const shareClock = { ...systemClock, now: () => systemClock.now() - 13_000 };
const SHORT_S = 4;
const WRITES_IN_STORM = 60;
const WRITES_IN_CALM = 60;
/** Without a delivery for so long, what is missing won't come. */
const QUIET_MS = 5_000;

/**
 * Lets many users' streams share sockets, while files are written at random, streams come and go,
 * tokens are refreshed or end, and the server fails; and notes who heard what.
 */
export async function runIsolation(
  stack: Stack,
  options: IsolationOptions,
): Promise<IsolationReport> {
  const { source, random, target, users: userCount = 200, share = shareFeed, storms = true } =
    options;
  const report: IsolationReport = {
    delivered: 0,
    heard: 0,
    foreign: [],
    missing: [],
    owed: 0,
    done: {},
  };
  const users = await insertUsers(stack, userCount);
  const writer = new FileWriter(stack.database, users, random);
  const deliveries: { to: string; change: FileChange }[] = [];
  const delivered = new Set<string>();
  const streams = new Set<Stream>();
  let lastDelivery = Date.now();
  await using isolate = createIsolateFeed(stack, source, { random, shareClock, share });

  const count = (action: string) => report.done[action] = (report.done[action] ?? 0) + 1;
  const anyone = () => users[Math.floor(random() * users.length)]!;
  const anyStream = () => [...streams][Math.floor(random() * streams.size)];

  function open(caller: Caller, { isShortLived = false } = {}): void {
    const revisions = new Set<number>();
    const listener = isolate.listen(caller, (message) => {
      if (message.kind === "down") stream.downs++;
      if (message.kind !== "change") return;
      const { change } = message;
      revisions.add(change.revision);
      deliveries.push({ to: caller.userId, change });
      lastDelivery = Date.now();
    });
    const stream: Stream = { ...listener, revisions, downs: 0, isShortLived };
    streams.add(stream);
  }

  function close(stream: Stream): void {
    stream.leave();
    streams.delete(stream);
  }

  const actions: Record<string, () => unknown> = {
    join: async () => open(await mintCaller(anyone())),
    "join with a second factor": async () => open(await mintCaller(anyone(), { aal: "aal2" })),
    "join with a token that ends soon": async () =>
      open(await mintCaller(anyone(), { seconds: SHORT_S }), { isShortLived: true }),
    leave() {
      const stream = anyStream();
      if (stream) close(stream);
    },
    async "refresh of a token"() {
      const { userId, rights } = anyStream()?.caller ?? await mintCaller(anyone());
      const aal = rights.includes("aal2") ? "aal2" : "aal1";
      open(await mintCaller(userId, { aal, seconds: SHORT_S }), { isShortLived: true });
      open(await mintCaller(userId, { aal }));
    },
  };
  const act = async (name: string) => {
    count(name);
    await actions[name]!();
  };
  const fault = (name: "drop" | "down" | "up") => {
    if (name !== "up") count(`server ${name}`);
    stack.realtime.fault({ fault: name });
  };

  async function storm(): Promise<void> {
    const names = Object.keys(actions);
    const failure = random() < 0.5 ? "drop" : "down";
    for (let n = 0; n < WRITES_IN_STORM; n++) {
      await writer.write();
      if (n % 2 === 0) await act(names[(n >> 1) % names.length]!);
      if (n === WRITES_IN_STORM >> 1) fault(failure);
    }
    if (failure === "down") fault("up");
  }

  /** Writes on, more slowly, until all is well, but for the streams whose tokens end. */
  async function settle(): Promise<void> {
    const isOver = ({ caller }: Stream) => caller.expiresAt < Date.now();
    const isWell = (stream: Stream) =>
      stream.isShortLived ? isOver(stream) : stream.isLive() || isOver(stream);
    await until(
      async () => {
        await writer.write();
        await new Promise((resolve) => setTimeout(resolve, 50));
        return [...streams].every(isWell);
      },
      "live streams",
      120_000,
    );
    for (const stream of streams) if (stream.isShortLived) close(stream);
    while (streams.size > users.length) close(anyStream()!);
  }

  /** Whoever is live all the while must hear all that is theirs. */
  async function calm(): Promise<void> {
    for (const stream of streams) stream.downs = 0;
    const written = new Map<string, number[]>();
    for (let n = 0; n < WRITES_IN_CALM; n++) {
      for (const { user_id, revision } of await writer.update(n % 2 === 0 ? 50 : 1)) {
        written.set(user_id, [...written.get(user_id) ?? [], revision]);
      }
    }
    lastDelivery = Date.now();
    const lacking = () =>
      [...streams].flatMap((stream) =>
        stream.downs > 0 ? [] : (written.get(stream.caller.userId) ?? [])
          .filter((revision) => !stream.revisions.has(revision))
          .map((revision) => `revision ${revision} to ${stream.caller.userId}`)
      );
    const isQuiet = () => Date.now() - lastDelivery > QUIET_MS;
    await until(() => lacking().length === 0 || isQuiet(), "end of deliveries", 60_000);
    report.missing.push(...lacking());
    for (const { downs, caller } of streams) {
      if (downs === 0) report.owed += written.get(caller.userId)?.length ?? 0;
    }
  }

  async function judge(): Promise<void> {
    await writer.addDeletions();
    for (const { to, change } of deliveries.splice(0)) {
      report.heard++;
      delivered.add(`${to} ${change.revision}`);
      const owner = writer.owners.get(change.revision);
      const isNamedAfter = change.deleted || change.file.filename?.startsWith(to);
      if (owner === to && isNamedAfter) continue;
      report.foreign.push(`revision ${change.revision} of ${owner ?? "nobody"} to ${to}`);
    }
    report.delivered = delivered.size;
    // Messages are never removed here and PGlite has no autovacuum: each write would become slower.
    await stack.database.execute("truncate realtime.messages");
    await stack.database.execute("vacuum");
  }

  for (const userId of users) open(await mintCaller(userId));
  while (report.delivered < target && report.foreign.length + report.missing.length === 0) {
    if (storms) await storm();
    await settle();
    await calm();
    await judge();
  }
  return report;
}
