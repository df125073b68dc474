import type { Database } from "../database/open_database.ts";
import { readTable, readTableNames } from "../database/read_tables.ts";
import type { Io } from "../io.ts";
import { parseMapping } from "../mapping/parse_mapping.ts";
import { DEFAULT_MAPPING, type TableMapping } from "../mapping/table_mapping.ts";
import { saysColumns, withChoices } from "../options/mapping_choices.ts";
import type { AddOptions } from "../options/parse_options.ts";
import type { Installed } from "../project/installed.ts";
import { askForMapping } from "../proposal/ask_for_mapping.ts";
import { checkKind, checkMapping } from "../proposal/check_table.ts";
import { chooseTable, describeTable } from "../proposal/choose_table.ts";
import { proposeMapping } from "../proposal/propose_mapping.ts";
import { SetupError } from "../setup_error.ts";

export interface Circumstances {
  readonly options: AddOptions;
  readonly installed: Installed | undefined;
  readonly database: Database | undefined;
  readonly io: Io;
}

export interface Decision {
  readonly mapping: TableMapping;
  /** Whether the default table is created too. */
  readonly newTable: boolean;
}

/** Which table `add` is for, and which of its columns: by flags, the database and questions. */
export async function decideMapping(circumstances: Circumstances): Promise<Decision> {
  const { options, installed, database } = circumstances;
  const newTable = options.newTable || await wantsNewTable(circumstances);
  if (newTable) return { mapping: await newTableMapping(circumstances), newTable };
  const mapping = installed
    ? await changedMapping(circumstances, installed)
    : database
    ? await mappingOfDatabase(circumstances, database)
    : parseMapping(await mappingWithoutDatabase(circumstances));
  return { mapping, newTable };
}

/** Asks, where neither a flag nor the database says anything about a table. */
async function wantsNewTable({ options, installed, database, io }: Circumstances) {
  const isOpen = !installed && !database && !saysColumns(options.choices);
  if (!isOpen || !io.isInteractive || options.yes) return false;
  const answer = await io.ask(
    "Stream a table that you have, or create public.files: have or new? [have]",
  );
  return answer === "new";
}

async function newTableMapping({ options, installed, database }: Circumstances) {
  if (saysColumns(options.choices)) {
    throw new SetupError(
      "new-table-columns",
      "--new-table creates public.files with the default columns: leave out the flags of table " +
        "and columns, or --new-table.",
    );
  }
  const mapping = withChoices(DEFAULT_MAPPING, options.choices);
  if (installed) refuseOtherTable(installed.mapping, mapping);
  else if (database && await readTable(database, mapping)) {
    throw new SetupError(
      "table-exists",
      "The database has a table public.files already: say --table files in place of --new-table.",
    );
  }
  return mapping;
}

async function changedMapping({ options, database }: Circumstances, { mapping }: Installed) {
  const changed = parseMapping(withChoices(mapping, options.choices));
  refuseOtherTable(mapping, changed);
  if (database) {
    const table = await describeTable(database, changed);
    checkKind(table);
    checkMapping(table, changed);
  }
  return changed;
}

async function mappingOfDatabase({ options, io }: Circumstances, database: Database) {
  const { choices } = options;
  const names = await readTableNames(database);
  const name = choices.table === undefined
    ? await chooseTable({ database, names, choices, io })
    : { schema: choices.schema ?? DEFAULT_MAPPING.schema, table: choices.table };
  const table = await describeTable(database, name, names);
  checkKind(table);
  const proposal = proposeMapping(table, choices);
  const asks = io.isInteractive && !options.yes && !options.dryRun;
  const mapping = asks
    ? await askForMapping(io, { proposal, choices, columns: table.columns })
    : proposal;
  // First what is wrong by itself, such as an extra column named like a field.
  parseMapping(mapping);
  checkMapping(table, mapping);
  if (table.kind === "p") {
    io.print(
      `${table.schema}.${table.table} is partitioned: let your writers name it, because a write ` +
        "that names a partition is not noticed.",
    );
  }
  return mapping;
}

async function mappingWithoutDatabase({ options, io }: Circumstances): Promise<TableMapping> {
  const { choices } = options;
  const proposal = withChoices(DEFAULT_MAPPING, choices);
  if (io.isInteractive && !options.yes) return await askForMapping(io, { proposal, choices });
  if (choices.table !== undefined) return proposal;
  throw new SetupError(
    "table-unknown",
    "Say which table to stream: --table NAME, with --database-url or the flags of its columns; or " +
      "--new-table to create public.files.",
  );
}

/** What else depends on these: the columns that exist, the type of the tombstones' ids. */
const FIXED = ["id", "idType", "revision", "changedIn"] as const;

function refuseOtherTable(installed: TableMapping, wanted: TableMapping): void {
  const name = `${installed.schema}.${installed.table}`;
  if (name !== `${wanted.schema}.${wanted.table}`) {
    throw new SetupError(
      "another-table",
      `The project streams ${name} already, and one project streams one table: run remove first.`,
    );
  }
  if (FIXED.some((key) => installed[key] !== wanted[key])) {
    throw new SetupError(
      "remove-first",
      `The id of ${name} and the names of the added columns cannot change while it is streamed: ` +
        "run remove first, apply its migration, then add again.",
    );
  }
}
