import * as fc from "fast-check";
import type { Write } from "../file_database.ts";
import { fileId, progress, schedules, write } from "../step.ts";
import { op } from "../tagged.ts";
import { columnsOf, idLiteral, tableOf, type TableShape } from "./table_shape.ts";

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
  /** Lets a policy hide the file or show it again, where the table has such a policy. */
  | { readonly op: "hide" | "show"; readonly id: string }
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
  op(3, ["hide", "show"], { id: fileId }),
  op(1, ["truncate"]),
);

/** One statement. */
export function toSql(
  shape: TableShape,
  owner: string,
  write: Exclude<PostgresWrite, { op: "isolate" }>,
): string {
  const table = tableOf(shape);
  const column = columnsOf(shape);
  const literal = (id: string) => idLiteral(shape, id);
  const update = (set: string, id: string) =>
    `update ${table} set ${set} where ${column.id} = ${literal(id)}`;
  switch (write.op) {
    case "insert":
      return `${insert(shape, owner, [write.id])} on conflict (${column.id}) do nothing`;
    case "insert or fail":
      return insert(shape, owner, [write.id]);
    case "upsert":
      return `${insert(shape, owner, [write.id])} on conflict (${column.id})
        do update set ${work(shape, write.progress)}`;
    case "insert many":
      return `${insert(shape, owner, write.ids)} on conflict (${column.id}) do nothing`;
    case "update":
      return update(work(shape, write.progress), write.id);
    case "update all":
      return `update ${table} set ${
        work(shape, write.progress)
      } where ${column.owner} = '${owner}'`;
    case "delete":
      return `delete from ${table} where ${column.id} = ${literal(write.id)}`;
    case "delete many":
      return `delete from ${table} where ${column.id} in (${write.ids.map(literal).join()})`;
    case "replace": {
      const columns = [column.id, column.owner, column.filename, column.fileType]
        .filter((it) => it !== undefined).join();
      return `with gone as (delete from ${table} where ${column.id} = ${literal(write.id)}
        returning *) insert into ${table} (${columns}) select ${columns} from gone`;
    }
    case "give":
      return update(`${column.owner} = '${write.to}'`, write.id);
    case "rename":
      return update(`${column.id} = ${literal(write.to)}`, write.id);
    case "swap": {
      const [one, other] = [literal(write.id), literal(write.with)];
      return `update ${table} set ${column.id} = case ${column.id} when ${one} then ${other}
        else ${one} end where ${column.id} in (${one}, ${other})`;
    }
    case "hide":
    case "show":
      // Where nothing hides rows, the update changes nothing.
      return update(
        shape.hiddenBy
          ? `${shape.hiddenBy} = ${write.op === "hide"}`
          : `${column.id} = ${column.id}`,
        write.id,
      );
    case "truncate":
      return `truncate ${table}`;
  }
}

function insert(shape: TableShape, owner: string, ids: readonly string[]): string {
  const column = columnsOf(shape);
  const rows = ids.map((id) =>
    [
      [column.id, idLiteral(shape, id)],
      [column.owner, `'${owner}'`],
      [column.filename, `'${id.slice(-1)}.pdf'`],
      [column.fileType, "'application/pdf'"],
      [column.status, "'pending'"],
      [column.progress, "0"],
    ].filter(([name]) => name !== undefined)
  );
  const names = rows[0]!.map(([name]) => name).join();
  const values = rows.map((row) => `(${row.map(([, value]) => value).join()})`).join();
  return `insert into ${tableOf(shape)} (${names}) values ${values}`;
}

function work(shape: TableShape, progress: number): string {
  const column = columnsOf(shape);
  const status = progress === 0 ? "pending" : progress === 100 ? "ready" : "processing";
  const stage = status === "processing" ? "'compression'" : "null";
  return [
    [column.progress, progress],
    [column.status, `'${status}'`],
    [column.stage, stage],
  ].flatMap(([name, value]) => name === undefined ? [] : [`${name} = ${value}`]).join(", ");
}

/** More transactions stay open than in the model's schedules: a real server lets them wait. */
export const postgresSchedule = schedules(postgresWrite, { open: 10, pruning: 5 });
