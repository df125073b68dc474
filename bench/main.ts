/**
 * Measures the function against other ways to do its job, all in one run: `deno task bench`.
 *
 *     deno task bench                 all, three rounds; writes docs/benchmarks.md and its charts
 *     deno task bench --quick         one round of few streams; prints only
 *     deno task bench --only seed,bare --measure open,event --rounds 1
 */
import { event } from "./measurements/event.ts";
import { files } from "./measurements/files.ts";
import { idle } from "./measurements/idle.ts";
import type { Bench, Measurement } from "./measurements/measurement.ts";
import { memory } from "./measurements/memory.ts";
import { open } from "./measurements/open.ts";
import { reconnect } from "./measurements/reconnect.ts";
import { restart } from "./measurements/restart.ts";
import { saturation } from "./measurements/saturation.ts";
import { parseOptions } from "./options.ts";
import { mostStreams } from "./plan.ts";
import { print } from "./print.ts";
import type { RecordedSample } from "./report/results.ts";
import { startStandIn } from "./stand_in/stand_in.ts";
import { createUsers } from "./stand_in/users.ts";

const measurements: readonly Measurement[] = [
  open,
  event,
  saturation,
  memory,
  idle,
  reconnect,
  restart,
  files,
];
const options = parseOptions(Deno.args, measurements);
const { plan } = options;

const { users, jwk } = await createUsers(mostStreams(plan) + 1);
using standIn = await startStandIn();
const setFiles = (filesPerUser: number) => standIn.configure({ jwks: [jwk], filesPerUser });
await setFiles(0);
const bench: Bench = { plan, standIn, users, setFiles };

const samples: RecordedSample[] = [];
for (let round = 0; round < plan.rounds; round++) {
  for (const { name: measurement, fits, run } of options.measurements) {
    for await (const sample of run(bench, options.contenders.filter(fits), round)) {
      samples.push({ measurement, round, ...sample });
      print(JSON.stringify(samples.at(-1)));
    }
  }
}
