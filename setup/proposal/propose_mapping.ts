import type { ColumnDescription, TableDescription } from "../database/table_description.ts";
import {
  DEFAULT_MAPPING,
  type Field,
  FIELDS,
  ID_TYPES,
  type TableMapping,
} from "../mapping/table_mapping.ts";
import type { MappingChoices } from "../options/mapping_choices.ts";
import { SetupError } from "../setup_error.ts";
import { FIELD_PATTERNS, isFinalWord, OWNER_NAMES, snakeCase } from "./field_names.ts";

/**
 * Proposes a mapping for a table that exists. The user's choices stand; of the rest, names and types
 * of the columns decide. No column fills two fields.
 *
 * @throws {SetupError} `owner-missing`, `owner-not-uuid` or `id-missing`.
 */
export function proposeMapping(table: TableDescription, choices: MappingChoices): TableMapping {
  const id = choices.id ?? proposeId(table);
  const owner = choices.owner ?? proposeOwner(table, id);
  const fields = proposeFields(table, choices.fields, [id, owner]);
  const idType = choices.idType ?? ID_TYPES.find((type) => type === columnOf(table, id)?.type);
  return {
    schema: table.schema,
    table: table.table,
    id,
    // A type that no id may have is refused by name when the table is checked.
    idType: idType ?? DEFAULT_MAPPING.idType,
    owner,
    fields,
    extra: choices.extra ?? [],
    finalStatuses: choices.finalStatuses ?? proposeFinalStatuses(table, fields.status),
    ...proposeOurNames(table, choices),
    live: choices.live ?? DEFAULT_MAPPING.live,
  };
}

/** The column of a table that has this very name. */
export function columnOf(table: TableDescription, name: string): ColumnDescription | undefined {
  return table.columns.find((column) => column.name === name);
}

/** What `status` says at the end, as far as its type, its check or its statistics show. */
function proposeFinalStatuses(table: TableDescription, status: string | null): string[] {
  if (status === null) return [];
  const words = columnOf(table, status)?.words ?? [];
  return words.length > 0 ? words.filter(isFinalWord) : [...DEFAULT_MAPPING.finalStatuses];
}

function proposeId({ schema, table, columns }: TableDescription): string {
  const id = columns.find(({ name }) => snakeCase(name) === "id") ??
    columns.find(({ isUnique, isNullable }) => isUnique && !isNullable);
  if (id) return id.name;
  throw new SetupError(
    "id-missing",
    `${schema}.${table} has no column that is unique and never null: add one, for example ` +
      "id uuid primary key default gen_random_uuid().",
  );
}

function proposeOwner({ schema, table, columns }: TableDescription, id: string): string {
  const rank = ({ name }: ColumnDescription) => {
    const place = OWNER_NAMES.indexOf(snakeCase(name));
    return place < 0 ? OWNER_NAMES.length : place;
  };
  const others = columns.filter(({ name }) => name !== id).sort((a, b) => rank(a) - rank(b));
  const isNamed = (column: ColumnDescription) => rank(column) < OWNER_NAMES.length;
  const owner = others.find(({ type, referencesUsers }) => type === "uuid" && referencesUsers) ??
    others.find((column) => column.type === "uuid" && isNamed(column));
  if (owner) return owner.name;
  const wrong = others.find(isNamed);
  if (wrong) throw ownerNotUuid(`${schema}.${table}`, wrong);
  throw new SetupError(
    "owner-missing",
    `${schema}.${table} shows no column of a row's owner: name the one that holds ids of ` +
      "auth.users with --owner, or add it.",
  );
}

/** A refusal for an owner's column that cannot hold ids of `auth.users`. */
export function ownerNotUuid(table: string, { name, type }: ColumnDescription): SetupError {
  return new SetupError(
    "owner-not-uuid",
    `The owner's column "${name}" of ${table} is ${type}, but ids of auth.users are uuid: name ` +
      "another column with --owner, or change its type.",
  );
}

function proposeFields(
  { columns }: TableDescription,
  chosen: MappingChoices["fields"],
  keys: readonly string[],
): TableMapping["fields"] {
  const taken = new Set<string | null>([...keys, ...Object.values(chosen)]);
  const fields: Partial<Record<Field, string | null>> = {};
  for (const field of FIELDS) {
    if (chosen[field] !== undefined) {
      fields[field] = chosen[field];
      continue;
    }
    const free = columns.filter(({ name }) => !taken.has(name));
    fields[field] = findColumn(free, field)?.name ?? null;
    taken.add(fields[field]);
  }
  return fields as Record<Field, string | null>;
}

function findColumn(columns: readonly ColumnDescription[], field: Field) {
  const { names, suffixes = [], categories } = FIELD_PATTERNS[field];
  const fitting = columns.filter(({ category }) => categories.includes(category));
  for (const name of names) {
    const column = fitting.find((column) => snakeCase(column.name) === name);
    if (column) return column;
  }
  return fitting.find(({ name }) => suffixes.some((suffix) => snakeCase(name).endsWith(suffix)));
}

/** Names for the two columns that the migration adds, which no column of the user's has. */
function proposeOurNames(table: TableDescription, choices: MappingChoices) {
  const { revision, changedIn } = DEFAULT_MAPPING;
  const areOurs = columnOf(table, revision)?.type === "bigint" &&
    columnOf(table, changedIn)?.type === "xid8";
  const free = (name: string) => {
    if (areOurs || !columnOf(table, name)) return name;
    const [first, second] = [`file_events_${name}`, `file_events_${name}_2`];
    return columnOf(table, first) && !isOurType(columnOf(table, first)!) ? second : first;
  };
  return {
    revision: choices.revision ?? free(revision),
    changedIn: choices.changedIn ?? free(changedIn),
  };
}

function isOurType({ type }: ColumnDescription): boolean {
  return type === "bigint" || type === "xid8";
}
