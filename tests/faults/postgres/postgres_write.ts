import * as fc from "fast-check";
import type { Write } from "../file_database.ts";
import { fileId, op, progress, schedules, write } from "../step.ts";

/** What a transaction does on a real server, beside what the model knows. */
export type PostgresWrite =
  | Write
  /** How the transaction is isolated, if it begins with these writes. */
  | { readonly op: "isolate"; readonly level: "repeatable read" | "serializable" }
  /** Fails if the file is there. `insert` does nothing then. */
  | { readonly op: "insert or fail"; readonly id: string }
  | { readonly op: "upsert"; readonly id: string; readonly progress: number }
  /** Several rows in one statement, whose triggers fire at its end. */
  | { readonly op: "insert many" | "delete many"; readonly ids: readonly string[] }
  | { readonly op: "update all"; readonly progress: number }
  /** Deletes and inserts in one statement. */
  | { readonly op: "replace"; readonly id: string }
  /** Changes the id; fails if the other is taken. */
  | { readonly op: "rename"; readonly id: string; readonly to: string }
  /** Exchanges two ids in one statement, which only a deferrable key allows. */
  | { readonly op: "swap"; readonly id: string; readonly with: string }
  | { readonly op: "truncate" };

const ids = fc.uniqueArray(fileId, { minLength: 2, maxLength: 4 });

const postgresWrite: fc.Arbitrary<PostgresWrite> = fc.oneof(
  { weight: 24, arbitrary: write },
  op(3, ["isolate"], {
    level: fc.constantFrom("repeatable read" as const, "serializable" as const),
  }),
  op(2, ["insert or fail"], { id: fileId }),
  op(2, ["upsert"], { id: fileId, progress }),
  op(3, ["insert many", "delete many"], { ids }),
  op(1, ["update all"], { progress }),
  op(2, ["replace"], { id: fileId }),
  op(2, ["rename"], { id: fileId, to: fileId }),
  op(1, ["truncate"]),
);

/** One statement. Its values come from schedules: nothing in them needs quoting. */
export function toSql(owner: string, write: Exclude<PostgresWrite, { op: "isolate" }>): string {
  switch (write.op) {
    case "insert":
      return `${insert(owner, [write.id])} on conflict (id) do nothing`;
    case "insert or fail":
      return insert(owner, [write.id]);
    case "upsert":
      return `${insert(owner, [write.id])} on conflict (id) do update set ${work(write.progress)}`;
    case "insert many":
      return `${insert(owner, write.ids)} on conflict (id) do nothing`;
    case "update":
      return `update public.files set ${work(write.progress)} where id = '${write.id}'`;
    case "update all":
      return `update public.files set ${work(write.progress)} where user_id = '${owner}'`;
    case "delete":
      return `delete from public.files where id = '${write.id}'`;
    case "delete many":
      return `delete from public.files where id in ('${write.ids.join("', '")}')`;
    case "replace":
      return `with gone as (delete from public.files where id = '${write.id}' returning *)
        insert into public.files (id, user_id, filename, file_type)
        select id, user_id, filename, file_type from gone`;
    case "give":
      return `update public.files set user_id = '${write.to}' where id = '${write.id}'`;
    case "rename":
      return `update public.files set id = '${write.to}' where id = '${write.id}'`;
    case "swap":
      return `update public.files
        set id = case id when '${write.id}' then '${write.with}' else '${write.id}' end::uuid
        where id in ('${write.id}', '${write.with}')`;
    case "truncate":
      return "truncate public.files";
  }
}

function insert(owner: string, ids: readonly string[]): string {
  const rows = ids.map((id) => `('${id}', '${owner}', '${id.slice(-1)}.pdf', 'application/pdf')`);
  return `insert into public.files (id, user_id, filename, file_type) values ${rows.join()}`;
}

function work(progress: number): string {
  const status = progress === 0 ? "pending" : progress === 100 ? "ready" : "processing";
  const stage = status === "processing" ? "'compression'" : "null";
  return `progress = ${progress}, status = '${status}', processing_stage = ${stage}`;
}

/** More transactions stay open than in the model's schedules: a real server lets them wait. */
export const postgresSchedule = schedules(postgresWrite, { open: 10, pruning: 5 });
