/**
 * Measures the function against other ways to do its job, all in one run: `deno task bench`.
 *
 *     deno task bench                 all, three rounds; writes docs/benchmarks.md and its charts
 *     deno task bench --quick         one round of few streams; prints only
 *     deno task bench --render        measures nothing; writes from docs/benchmarks/results.json
 *     deno task bench --only seed,bare --measure open,event --rounds 1
 */
import { event } from "./measurements/event.ts";
import { files } from "./measurements/files.ts";
import { idle } from "./measurements/idle.ts";
import type { Bench, Measurement } from "./measurements/measurement.ts";
import { memory } from "./measurements/memory.ts";
import { open } from "./measurements/open.ts";
import { outages } from "./measurements/outages.ts";
import { saturation } from "./measurements/saturation.ts";
import { parseOptions } from "./options.ts";
import { mostStreams } from "./plan.ts";
import { print } from "./print.ts";
import { describeRun, observeRun } from "./report/provenance.ts";
import { publish, readPublished } from "./report/publish.ts";
import type { RecordedSample, Results } from "./report/results.ts";
import { renderTables } from "./report/tables.ts";
import { startStandIn } from "./stand_in/stand_in.ts";
import { createUsers } from "./stand_in/users.ts";
import { requireOpenFiles } from "./require_open_files.ts";

const measurements: readonly Measurement[] = [
  open,
  event,
  saturation,
  memory,
  idle,
  outages,
  files,
];
/** A client's connection, a socket to Realtime and a request to Auth, each with one end here. */
const FILES_PER_STREAM = 4;

const options = parseOptions(Deno.args, measurements);
const { plan } = options;

if (options.renders) {
  await publish(await readPublished());
} else {
  await measure();
}

async function measure(): Promise<void> {
  requireOpenFiles(FILES_PER_STREAM * mostStreams(plan));
  const { users, jwk } = await createUsers(mostStreams(plan) + 1);
  using standIn = await startStandIn();
  const setFiles = (filesPerUser: number) => standIn.configure({ jwks: [jwk], filesPerUser });
  await setFiles(0);
  const bench: Bench = { plan, standIn, users, setFiles };

  const endRun = await observeRun(Deno.args);
  const samples: RecordedSample[] = [];
  for (let round = 0; round < plan.rounds; round++) {
    // Each round begins with another contender, so that none is always the first.
    const first = round % options.contenders.length;
    const order = [...options.contenders.slice(first), ...options.contenders.slice(0, first)];
    for (const { name: measurement, fits, run } of options.measurements) {
      for await (const sample of run(bench, order.filter(fits), round)) {
        samples.push({ measurement, round, ...sample });
        print(`round ${round + 1}, ${measurement}: ${sample.contender} ${sample.variant}`);
      }
    }
  }
  const results: Results = { provenance: endRun(), samples };
  print(`\n${describeRun(results.provenance)}`);
  for (const [name, table] of renderTables(samples)) print(`\n## ${name}\n\n${table}`);
  const file = await Deno.makeTempFile({ prefix: "file-events-bench-", suffix: ".json" });
  await Deno.writeTextFile(file, JSON.stringify(results, null, 2));
  print(`\nAll figures: ${file}`);
  if (options.isComplete) await publish(results);
}
