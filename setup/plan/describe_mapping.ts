import { FIELDS, type TableMapping } from "../mapping/table_mapping.ts";

const LIVE = {
  auto: "as the policies of the table ask for",
  rows: "with the row",
  pings: "as a ping, after which a query obeys every policy",
};

/** A mapping as a table for people: what events carry, and where it comes from. */
export function describeMapping(mapping: TableMapping): string[] {
  const { schema, table, id, idType, owner, fields, extra, finalStatuses } = mapping;
  const rows: [string, string][] = [
    ["in the events", `column of ${schema}.${table}`],
    ["id", `${id} (${idType})`],
    ["(the owner)", owner],
    ...FIELDS.map((field): [string, string] => [field, fields[field] ?? "none: always null"]),
    ...extra.map((column): [string, string] => [column, column]),
  ];
  const width = Math.max(...rows.map(([name]) => name.length));
  return [
    ...rows.map(([name, column]) => `  ${name.padEnd(width)}  ${column}`),
    `Final statuses: ${finalStatuses.length > 0 ? finalStatuses.join(", ") : "none"}.`,
    `Live changes come ${LIVE[mapping.live]}.`,
    `The migration adds the columns ${mapping.revision} and ${mapping.changedIn}.`,
  ];
}
