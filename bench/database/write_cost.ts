/**
 * What the triggers and the index of change tracking cost writers, against the same table without
 * them: `deno run -A -c deno.tests.json bench/database/write_cost.ts [runs]`
 */
import { startPostgres } from "../../local/postgres/postgres_server.ts";
import {
  createSupabaseDatabase,
  createUser,
  migrations,
} from "../../local/postgres/supabase_database.ts";
import { measureQuery } from "./measure_query.ts";
import { print } from "../print.ts";
import { median } from "../statistics.ts";

const runs = Number(Deno.args[0] ?? 9);
const rows = 10_000;

/** In a loop inside the server, one statement a row: no network, no commit in the measurement. */
const each = (statement: string) =>
  `do $$ declare file record; begin
    for file in select id, user_id from public.files loop ${statement}; end loop;
  end $$`;
const writes: Record<string, (user: string) => string> = {
  "insert, one statement a row": (user) =>
    `do $$ begin for i in 1 .. ${rows} loop
      insert into public.files (user_id, filename, file_type) values ('${user}', i, 'pdf');
    end loop; end $$`,
  "update of progress, one statement a row": () =>
    each("update public.files set progress = progress + 1 where id = file.id"),
  "update that changes nothing, one statement a row": () =>
    each("update public.files set progress = progress where id = file.id"),
  "delete, one statement a row": () => each("delete from public.files where id = file.id"),
  "insert, all rows in one statement": (user) =>
    `insert into public.files (user_id, filename, file_type)
      select '${user}', i, 'pdf' from generate_series(1, ${rows}) i`,
  "update of progress, all rows in one statement": () =>
    "update public.files set progress = progress + 1",
  "delete, all rows in one statement": () => "delete from public.files",
};

await using server = await startPostgres();
await using plainDatabase = await createSupabaseDatabase(server, migrations.slice(0, 1));
await using trackedDatabase = await createSupabaseDatabase(server, migrations.slice(0, 2));
await using plain = await plainDatabase.connect();
await using tracked = await trackedDatabase.connect();
const users = new Map([[plain, await createUser(plain)], [tracked, await createUser(tracked)]]);

const times = new Map<string, { plain: number[]; tracked: number[] }>();
for (let run = 0; run <= runs; run++) {
  for (const [name, write] of Object.entries(writes)) {
    const taken = {
      plain: await measureQuery(plain, write(users.get(plain)!)),
      tracked: await measureQuery(tracked, write(users.get(tracked)!)),
    };
    if (run === 0) continue; // warms up
    const { plain: a, tracked: b } = times.get(name) ?? { plain: [], tracked: [] };
    times.set(name, { plain: [...a, taken.plain], tracked: [...b, taken.tracked] });
  }
  for (const session of [plain, tracked]) {
    await session.query("vacuum public.files");
    await session.query("checkpoint");
  }
  await tracked.query("truncate public.file_deletions");
}

print(`median of ${runs} runs of ${rows} rows, microseconds a row`);
for (const [name, taken] of times) {
  const ratios = taken.tracked.map((time, i) => time / taken.plain[i]!);
  const [without, withIt] = [taken.plain, taken.tracked].map((t) => median(t) * 1000 / rows);
  print(
    `${name}: ${without!.toFixed(1)} without, ${withIt!.toFixed(1)} with, ratio ${
      median(ratios).toFixed(2)
    }`,
  );
}
