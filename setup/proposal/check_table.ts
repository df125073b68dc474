import type { ColumnDescription, TableDescription } from "../database/table_description.ts";
import { FIELDS, ID_TYPES, type TableMapping } from "../mapping/table_mapping.ts";
import { SetupError } from "../setup_error.ts";
import { nearestNames } from "./nearest_names.ts";
import { columnOf, ownerNotUuid } from "./propose_mapping.ts";

const OTHER_KINDS: Readonly<Record<string, [code: string, what: string]>> = {
  v: ["table-is-view", "a view"],
  m: ["table-is-view", "a materialized view"],
  f: ["table-is-foreign", "a foreign table"],
};

/**
 * Refuses what is no table that statements can be followed on. It comes before any proposal.
 *
 * @throws {SetupError} `table-is-view`, `table-is-foreign`, `table-is-partition`, `table-inherits` or
 * `table-has-children`.
 */
export function checkKind(table: TableDescription): void {
  const name = `${table.schema}.${table.table}`;
  const other = OTHER_KINDS[table.kind];
  if (other) {
    throw new SetupError(
      other[0],
      `${name} is ${other[1]}, and changes can be followed on a table only: name the table that ` +
        "your writers write to.",
    );
  }
  if (table.isPartition) {
    throw new SetupError(
      "table-is-partition",
      `${name} is one partition, and a write to its parent does not reach its triggers: name the ` +
        "partitioned table.",
    );
  }
  if (table.inherits) {
    throw new SetupError(
      "table-inherits",
      `${name} inherits from another table, through which its rows can change unseen: end that ` +
        "with alter table … no inherit.",
    );
  }
  if (table.hasChildren) {
    throw new SetupError(
      "table-has-children",
      `Other tables inherit from ${name}, through which its rows can change unseen: end that with ` +
        "alter table … no inherit.",
    );
  }
}

/**
 * Refuses a mapping that the table cannot have.
 *
 * @throws {SetupError} `column-missing`, `id-type`, `id-not-unique`, `owner-not-uuid`,
 * `column-generated`, `status-missing` or `column-taken`.
 */
export function checkMapping(table: TableDescription, mapping: TableMapping): void {
  const name = `${table.schema}.${table.table}`;
  const columns = table.columns.map((column) => column.name);
  const find = (column: string, flag: string) => {
    const found = columnOf(table, column);
    if (found) return found;
    const nearest = nearestNames(column, columns);
    const others = columns.length - nearest.length;
    throw new SetupError(
      "column-missing",
      `${name} has no column "${column}": it has ${nearest.join(", ")}` +
        `${others > 0 ? ` and ${others} more` : ""}; say add --${flag} with what is right.`,
    );
  };
  const id = find(mapping.id, "id");
  if (!ID_TYPES.some((type) => type === id.type)) {
    throw new SetupError(
      "id-type",
      `The id "${id.name}" of ${name} is ${id.type}: name a column of one of the types ` +
        `${ID_TYPES.join(", ")} with --id, or change its type.`,
    );
  }
  if (id.type !== mapping.idType) {
    throw new SetupError(
      "id-type",
      `The id "${id.name}" of ${name} is ${id.type}: say --id-type ${id.type}.`,
    );
  }
  if (!id.isUnique || id.isNullable) {
    throw new SetupError(
      "id-not-unique",
      `The id "${id.name}" of ${name} must be unique by itself, never null and not deferrable: ` +
        "add such a key, or name another column with --id.",
    );
  }
  const owner = find(mapping.owner, "owner");
  if (owner.type !== "uuid") throw ownerNotUuid(name, owner);
  const fields = FIELDS.flatMap((field) => {
    const column = mapping.fields[field];
    return column === null ? [] : [find(column, field.replaceAll("_", "-"))];
  });
  const streamed = [...fields, ...mapping.extra.map((column) => find(column, "extra"))];
  const generated = [id, owner, ...streamed].find(({ isGenerated }) => isGenerated);
  if (generated) {
    throw new SetupError(
      "column-generated",
      `${name} generates "${generated.name}", whose value triggers cannot see: make it a plain ` +
        "column, or leave it out.",
    );
  }
  const { status } = mapping.fields;
  refuseUnknownStatuses(name, status === null ? undefined : columnOf(table, status), mapping);
  const ours = [[mapping.revision, "bigint", "revision"], [
    mapping.changedIn,
    "xid8",
    "changed-in",
  ]];
  for (const [column, type, flag] of ours) {
    const found = columnOf(table, column!);
    if (!found || found.type === type) continue;
    throw new SetupError(
      "column-taken",
      `${name} has a column "${column}" of its own: choose another name with --${flag}.`,
    );
  }
}

/** An enum has all its values. One that it lacks is a mistake, after which nothing is ever final. */
function refuseUnknownStatuses(
  table: string,
  status: ColumnDescription | undefined,
  { finalStatuses }: TableMapping,
): void {
  if (status?.category !== "E") return;
  const unknown = finalStatuses.find((final) => !status.words.includes(final));
  if (unknown === undefined) return;
  throw new SetupError(
    "status-missing",
    `"${unknown}" is no value of "${status.name}" of ${table}: name some of ` +
      `${status.words.join(", ")} with --final.`,
  );
}
