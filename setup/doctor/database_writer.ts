import type { TableMapping } from "../mapping/table_mapping.ts";
import { quoteIdentifier, quoteTable } from "../sql/quote.ts";
import type { CanaryWriter, Place, Written } from "./canary_writer.ts";
import type { Row } from "./canary_row.ts";
import type { Database } from "./database.ts";

/** Writes with a connection of the database's owner, whom no policy holds back. */
export function createDatabaseWriter(database: Database, mapping: TableMapping): CanaryWriter {
  const table = quoteTable(mapping);
  const returning = `returning t.${quoteIdentifier(mapping.id)}::text as id`;
  const where = ({ column }: Place) => `where t.${quoteIdentifier(column)}::text = $1`;
  const names = (row: Row, prefix = "") =>
    Object.keys(row).map((name) => `${prefix}${quoteIdentifier(name)}`).join(", ");
  /** A row `v` that has the values in the types of the table's columns. */
  const values = (position: number) =>
    `jsonb_populate_record(null::${table}, $${position}::text::jsonb) v`;

  async function write(sql: string, parameters: unknown[]): Promise<Written> {
    try {
      const rows = await database.query<{ id: string }>(sql, parameters);
      return { result: "done", ids: rows.map(({ id }) => id) };
    } catch (error) {
      const { code, message } = error as { code?: unknown; message?: unknown };
      // A SQLSTATE says that the database has judged the statement.
      const isJudged = typeof code === "string" && /^[0-9A-Z]{5}$/.test(code);
      return { result: isJudged ? "refused" : "unknown", ids: [], words: String(message) };
    }
  }

  return {
    insert: (row) =>
      write(
        `insert into ${table} as t (${names(row)}) select ${names(row, "v.")} from ${values(1)} ` +
          returning,
        [JSON.stringify(row)],
      ),
    update: (place, changes) =>
      write(
        `update ${table} as t set (${names(changes)}) = row(${names(changes, "v.")}) ` +
          `from ${values(2)} ${where(place)} ${returning}`,
        [place.value, JSON.stringify(changes)],
      ),
    remove: (place) =>
      write(`delete from ${table} as t ${where(place)} ${returning}`, [place.value]),
  };
}
