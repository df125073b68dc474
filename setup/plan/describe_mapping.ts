import { FIELDS, type TableMapping } from "../mapping/table_mapping.ts";

const LIVE = { rows: "with the row", pings: "as a ping, after which a query obeys every policy" };

/**
 * A mapping as a table for people: what events carry, and where it comes from.
 *
 * @param liveChoice What the migration will decide about live changes, if that is known.
 */
export function describeMapping(mapping: TableMapping, liveChoice?: "rows" | "pings"): string[] {
  const { schema, table, id, idType, owner, fields, extra } = mapping;
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
    describeFinal(mapping),
    describeLive(mapping.live, liveChoice),
    `The migration adds the columns ${mapping.revision} and ${mapping.changedIn}.`,
  ];
}

function describeLive(live: TableMapping["live"], choice?: "rows" | "pings"): string {
  if (live !== "auto") return `Live changes come ${LIVE[live]}.`;
  if (choice === undefined) return "Live changes come as the policies of the table ask for.";
  const reason = choice === "rows"
    ? "the policies show owners all that is theirs"
    : "the policies ask for more than ownership";
  return `Live changes come ${LIVE[choice]}, because ${reason}.`;
}

function describeFinal({ fields, finalStatuses }: TableMapping): string {
  if (finalStatuses.length > 0) return `Final statuses: ${finalStatuses.join(", ")}.`;
  return fields.status === null
    ? "Final statuses: none."
    : "Final statuses: none, so each row counts as in progress and streams ask the database more " +
      "often. --final names some.";
}
