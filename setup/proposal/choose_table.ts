import type { Database } from "../database/open_database.ts";
import { readTable } from "../database/read_tables.ts";
import type { TableDescription } from "../database/table_description.ts";
import type { Io } from "../io.ts";
import { FIELDS, type TableMapping } from "../mapping/table_mapping.ts";
import type { MappingChoices } from "../options/mapping_choices.ts";
import type { TableName } from "../options/table_name.ts";
import { SetupError } from "../setup_error.ts";
import { checkKind, checkMapping } from "./check_table.ts";
import { nearestNames } from "./nearest_names.ts";
import { proposeMapping } from "./propose_mapping.ts";

/** More tables than this are not read in search of one that fits. */
const MAX_TABLES = 200;

/**
 * The table that can be streamed, if there is one; else the one that the user chooses.
 *
 * @throws {SetupError} `table-unknown` if none fits, or if nobody can be asked which.
 */
export async function chooseTable(
  { database, names, choices, io }: {
    database: Database;
    names: readonly TableName[];
    choices: MappingChoices;
    io: Io;
  },
): Promise<TableName> {
  const candidates: { name: TableName; fields: number }[] = [];
  for (const name of names.slice(0, MAX_TABLES)) {
    const table = await readTable(database, name);
    const fields = table && countFields(table, choices);
    if (fields !== undefined) candidates.push({ name, fields });
  }
  candidates.sort((a, b) => b.fields - a.fields);
  const [first, ...others] = candidates.map(({ name }) => name);
  if (!first) {
    throw new SetupError(
      "table-unknown",
      "No table of the database has an id and an owner (a uuid): name one with --table and " +
        "--owner, or say --new-table to create public.files.",
    );
  }
  if (others.length === 0) return first;
  const list = [first, ...others].map(display);
  if (!io.isInteractive) {
    throw new SetupError(
      "table-unknown",
      `Several tables can be streamed: name one of ${list.join(", ")} with --table.`,
    );
  }
  list.forEach((name, index) => io.print(`  ${index + 1}  ${name}`));
  for (;;) {
    const answer = await io.ask(`Which table? [${list[0]}]`);
    if (answer === "") return first;
    const chosen = [first, ...others].find((name, index) =>
      display(name) === answer || String(index + 1) === answer
    );
    if (chosen) return chosen;
    io.print(`Answer with a number from 1 to ${list.length}, or a name.`);
  }
}

/**
 * The description of a table.
 *
 * @throws {SetupError} `table-missing`, with the names that are most like it.
 */
export async function describeTable(
  database: Database,
  name: TableName,
  names: readonly TableName[] = [],
): Promise<TableDescription> {
  const table = await readTable(database, name);
  if (table) return table;
  const similar = nearestNames(display(name), names.map(display));
  throw new SetupError(
    "table-missing",
    `The database has no table ${display(name)}` +
      (similar.length > 0
        ? `: it has ${similar.join(", ")}.`
        : ": apply its migrations first, or say --new-table."),
  );
}

/** How many fields of the protocol the table can fill; nothing if it can't be streamed. */
function countFields(table: TableDescription, choices: MappingChoices): number | undefined {
  let mapping: TableMapping;
  try {
    checkKind(table);
    // What the user says of other columns is judged once it is clear which table it is for.
    const { id, owner } = choices;
    const keys = { ...id === undefined ? {} : { id }, ...owner === undefined ? {} : { owner } };
    mapping = proposeMapping(table, { ...keys, fields: {} });
    checkMapping(table, mapping);
  } catch (error) {
    if (error instanceof SetupError) return;
    throw error;
  }
  return FIELDS.filter((field) => mapping.fields[field] !== null).length;
}

/** As a user writes it after `--table`. */
function display({ schema, table }: TableName): string {
  const part = (name: string) => /[."]/.test(name) ? `"${name.replaceAll('"', '""')}"` : name;
  return schema === "public" ? part(table) : `${part(schema)}.${part(table)}`;
}
