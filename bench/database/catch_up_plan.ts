/**
 * How PostgreSQL executes catch-ups of a user with 100,000 files among 1,000,000 of others:
 * `deno run -A -c deno.tests.json bench/database/catch_up_plan.ts`
 */
import { changesSince } from "../../local/postgres/changes_since.ts";
import { openPlanObserver } from "../../local/postgres/catch_up_plan.ts";
import { fillFiles } from "../../local/postgres/fill_files.ts";
import { startPostgres } from "../../local/postgres/postgres_server.ts";
import { createSupabaseDatabase, createUser } from "../../local/postgres/supabase_database.ts";
import { print } from "../print.ts";

await using server = await startPostgres();
await using database = await createSupabaseDatabase(server);
await using owner = await database.connect();
const user = await createUser(owner);
await fillFiles(owner, user, { own: 100_000, others: 1_000_000, deletions: 100_000 });

const { session, explain } = await openPlanObserver(database, user);
await using _ = session;
const fileIds = (await owner.query<{ id: string }>(
  "select id from public.files where user_id = $1 order by id limit 100",
  [user],
)).map(({ id }) => id);
/** Of a catch-up from now on, without what was there before. */
const nothingChanged = async (ids: string[] | null) => {
  const options = { fileIds: ids, snapshot: false };
  return explain((await changesSince(session, null, options)).cursor, options);
};

const cases = {
  "nothing changed": await nothingChanged(null),
  "nothing changed, 100 file_ids": await nothingChanged(fileIds),
  "first page of a snapshot": await explain(null),
  "snapshot of 100 file_ids": await explain(null, { fileIds }),
};
for (const [name, { queryBuffers, callBuffers }] of Object.entries(cases)) {
  print(`${name}: ${queryBuffers} buffers in the query, ${callBuffers} in the whole call`);
}
print(`\n${cases["nothing changed"].plan}`);

await using reader = await database.connectAs(user);
const durations: number[] = [];
let [cursor, more, files]: [string | null, boolean, number] = [null, true, 0];
while (more) {
  const start = performance.now();
  const page = await changesSince(reader, cursor);
  durations.push(performance.now() - start);
  ({ cursor, more } = page);
  files += page.files.length;
}
durations.sort((a, b) => a - b);
print(
  `\nsnapshot: ${files} files in ${durations.length} pages, median ${
    durations[durations.length >> 1]!.toFixed(1)
  } ms a page, slowest ${durations.at(-1)!.toFixed(1)} ms`,
);
