/**
 * What the broadcast costs writers, against the same tables without it, and how many transaction
 * ids it takes: `deno run -A -c deno.tests.json bench/database/broadcast_cost.ts [runs]`
 */
import { startPostgres } from "../../local/postgres/postgres_server.ts";
import type { Session } from "../../local/postgres/postgres_session.ts";
import {
  createSupabaseDatabase,
  createUser,
  migrations,
} from "../../local/postgres/supabase_database.ts";
import { measureQuery } from "./measure_query.ts";
import { print } from "../print.ts";
import { median } from "../statistics.ts";

const runs = Number(Deno.args[0] ?? 9);
const loops = 2_000;

/** In a loop inside the server, one statement a row: no network, no commit in the measurement. */
const each = (statement: string) =>
  `do $$ declare file record; begin
    for file in select id, user_id from public.files where file_type = 'few' loop
      ${statement};
    end loop;
  end $$`;
const bulk = (rows: number) =>
  `update public.files set progress = 1 - progress
    where id in (select id from public.files where file_type = 'one owner' limit ${rows})`;

/** By what is measured: how many rows it writes, and how. */
const writes: Record<string, [rows: number, sql: string]> = {
  "update, one statement a row": [
    loops,
    each("update public.files set progress = 1 - progress where id = file.id"),
  ],
  "update that changes nothing, one statement a row": [
    loops,
    each("update public.files set progress = progress where id = file.id"),
  ],
  "delete and insert, two statements a row": [
    loops,
    each(`delete from public.files where id = file.id;
      insert into public.files (id, user_id, filename, file_type)
        values (file.id, file.user_id, 'a', 'few')`),
  ],
  "update of 50 rows in one statement": [50, bulk(50)],
  "update of 2,000 rows in one statement": [2_000, bulk(2_000)],
  "update of 20,000 rows in one statement": [20_000, bulk(20_000)],
  "update of 20,000 rows of 20,000 owners in one statement": [
    20_000,
    "update public.files set progress = 1 - progress where file_type = 'many owners'",
  ],
};

await using server = await startPostgres();
await using plainDatabase = await createSupabaseDatabase(server, migrations.slice(0, 2));
await using broadcastingDatabase = await createSupabaseDatabase(server);
await using plain = await plainDatabase.connect();
await using broadcasting = await broadcastingDatabase.connect();
for (const session of [plain, broadcasting]) {
  // The stand-in's way to its listeners; Realtime reads the write-ahead log instead.
  await session.query("alter table realtime.messages disable trigger enqueue_broadcast");
  await fill(session);
}

interface Measured {
  without: number[];
  with: number[];
  transactionIds: number[];
}
const measured = new Map<string, Measured>();
for (let run = 0; run <= runs; run++) {
  for (const [name, [, sql]] of Object.entries(writes)) {
    const before = await nextId(broadcasting);
    const withIt = await measureQuery(broadcasting, sql);
    const transactionIds = await nextId(broadcasting) - before - 1;
    const without = await measureQuery(plain, sql);
    if (run === 0) continue; // warms up
    const all = measured.get(name) ?? { without: [], with: [], transactionIds: [] };
    all.without.push(without);
    all.with.push(withIt);
    all.transactionIds.push(transactionIds);
    measured.set(name, all);
  }
  for (const session of [plain, broadcasting]) {
    await session.query("truncate realtime.messages");
    await session.query("vacuum public.files");
    await session.query("checkpoint");
  }
}

print(`median of ${runs} runs; microseconds a row; transaction ids of the whole write, with it`);
for (const [name, { without, with: withIt, transactionIds }] of measured) {
  const [rows] = writes[name]!;
  const ratio = median(withIt.map((time, i) => time / without[i]!));
  const [a, b] = [without, withIt].map((times) => (median(times) * 1000 / rows).toFixed(1));
  print(
    `${name}: ${a} without, ${b} with, ratio ${ratio.toFixed(2)}, ids ${
      Math.min(...transactionIds)
    }`,
  );
}

async function fill(session: Session): Promise<void> {
  const user = await createUser(session);
  const add = (rows: number, fileType: string) =>
    session.query(
      `insert into public.files (user_id, filename, file_type)
        select $1, i, $2::text from generate_series(1, ${rows}) i`,
      [user, fileType],
    );
  await add(loops, "few");
  await add(20_000, "one owner");
  await session.query(`
    insert into auth.users (id) select gen_random_uuid() from generate_series(1, 19999);
    insert into public.files (user_id, filename, file_type)
      select id, 'a', 'many owners' from auth.users;
  `);
  await session.query("vacuum (analyze) public.files");
}

async function nextId(session: Session): Promise<number> {
  const [row] = await session.query<{ id: string }>("select pg_current_xact_id()::text as id");
  return Number(row!.id);
}
