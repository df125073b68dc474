/**
 * Measures what a client costs that polls, beside one that has a stream: CPU of the function while
 * nothing happens, and for each change. Prints each round, and the medians.
 *
 *     deno run --config deno.tests.json --allow-all bench/polling_cost.ts [ROUNDS]
 */
import { PollAudience } from "./clients/poll_audience.ts";
import { contenders } from "./contenders/contenders.ts";
import { openStage, type Stage } from "./measurements/stage.ts";
import { print } from "./print.ts";
import { requireOpenFiles } from "./require_open_files.ts";
import { startStandIn } from "./stand_in/stand_in.ts";
import { createUsers, type User } from "./stand_in/users.ts";
import { median } from "./statistics.ts";

const USERS = 200;
/** Twice as long as a poll is held. */
const IDLE_SECONDS = 50;
/** Each user has a change a second, as a file that reports its progress. */
const CHANGE_SECONDS = 15;

/** Figures of one round, by name. CPU is in milliseconds. */
type Figures = Record<string, number>;

const rounds = Number(Deno.args[0] ?? 3);
requireOpenFiles(8 * USERS);
const { users, jwk } = await createUsers(USERS + 1);
const [first, ...others] = users;
const measured: Record<"stream" | "polling", Figures[]> = { stream: [], polling: [] };

for (let round = 1; round <= rounds; round++) {
  const order = round % 2 ? ["stream", "polling"] as const : ["polling", "stream"] as const;
  for (const transport of order) {
    const figures = await measure(transport, others);
    measured[transport].push(figures);
    print(`round ${round}, ${transport}: ${JSON.stringify(figures)}`);
  }
}
for (const name of Object.keys(measured.stream[0]!)) {
  const [stream, polling] = [measured.stream, measured.polling]
    .map((all) => median(all.map((figures) => figures[name]!))) as [number, number];
  const ratio = stream > 0 ? `, ${(polling / stream).toFixed(1)} times` : "";
  print(`${name}: stream ${stream.toFixed(3)}, polling ${polling.toFixed(3)}${ratio}`);
}

async function measure(
  transport: "stream" | "polling",
  audience: readonly User[],
): Promise<Figures> {
  // A new one each time, because a file that is in progress makes a stream query more often.
  using standIn = await startStandIn();
  await standIn.configure({ jwks: [jwk], filesPerUser: 0 });
  await using stage = await openStage({ standIn, users: [first!] }, contenders[0]!);
  await using pollers = new PollAudience({ port: stage.process.port!, algorithm: "ES256" });
  const openingMs = await cpuOf(stage, async () => {
    if (transport === "stream") await stage.open(audience);
    else await pollers.open(audience);
    await stage.joined(audience);
    await stage.quiet();
  });
  const queriesBefore = (await standIn.counts()).queries;
  const [answersBefore, start] = [pollers.answerCount, performance.now()];
  const idleMs = await cpuOf(stage, () => sleep(IDLE_SECONDS));
  const userMinutes = audience.length * (performance.now() - start) / 60_000;
  const idle = {
    idleCpuPerMinute: idleMs / userMinutes,
    idleQueriesPerMinute: ((await standIn.counts()).queries - queriesBefore) / userMinutes,
    idleAnswersPerMinute: (pollers.answerCount - answersBefore) / userMinutes,
  };
  await standIn.setUsers(audience.map(({ id }) => id));
  const count = audience.length * CHANGE_SECONDS;
  const [queries, answers] = [(await standIn.counts()).queries, pollers.answerCount];
  const changesMs = await cpuOf(stage, async () => {
    await standIn.emit({ rate: audience.length, count });
    await sleep(1);
  });
  return {
    openingCpu: openingMs / audience.length,
    ...idle,
    changeCpu: changesMs / count,
    changeQueries: ((await standIn.counts()).queries - queries) / count,
    changeAnswers: (pollers.answerCount - answers) / count,
  };
}

async function cpuOf(stage: Stage, run: () => Promise<void>): Promise<number> {
  const before = stage.cpu();
  await run();
  return stage.cpu() - before;
}

function sleep(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000));
}
