import { parseArgs, type ParseArgsConfig } from "node:util";
import {
  type Field,
  FIELDS,
  ID_TYPES,
  LIVE_CHOICES,
  type TableMapping,
} from "../mapping/table_mapping.ts";
import { SetupError } from "../setup_error.ts";
import type { MappingChoices } from "./mapping_choices.ts";
import { parseTableName } from "./table_name.ts";

export interface CommonOptions {
  /** The folder of the project, as the user wrote it. */
  readonly project: string | undefined;
  /** Holds a password: it is never printed. */
  readonly databaseUrl: string | undefined;
  readonly yes: boolean;
  readonly dryRun: boolean;
}

export interface AddOptions extends CommonOptions {
  readonly newTable: boolean;
  readonly choices: MappingChoices;
}

const COMMON = {
  project: { type: "string" },
  "database-url": { type: "string" },
  yes: { type: "boolean", short: "y" },
  "dry-run": { type: "boolean" },
} as const;

const TEXTS = [
  "table",
  "id",
  "id-type",
  "owner",
  "extra",
  "final",
  "revision",
  "changed-in",
  "live",
];
const FIELD_FLAGS = FIELDS.map((field) => [field, field.replaceAll("_", "-")] as const);

type Values = Readonly<Record<string, string | boolean | undefined>>;

/** @throws {SetupError} `unknown-flag`. */
export function parseCommonOptions(args: readonly string[]): CommonOptions {
  return commonOptions(parse(args, COMMON));
}

/** @throws {SetupError} `unknown-flag`, `flag-value` or `table-name`. */
export function parseAddOptions(args: readonly string[]): AddOptions {
  const names = [...TEXTS, ...FIELD_FLAGS.map(([, flag]) => flag)];
  const values = parse(args, {
    ...COMMON,
    "new-table": { type: "boolean" },
    ...Object.fromEntries(names.map((name) => [name, { type: "string" as const }])),
  });
  const text = (name: string) => values[name] as string | undefined;
  const choices = withoutUndefined({
    ...(text("table") === undefined ? {} : parseTableName(text("table")!)),
    id: text("id"),
    idType: oneOf("id-type", ID_TYPES, text("id-type")),
    owner: text("owner"),
    extra: list(text("extra")),
    finalStatuses: list(text("final")),
    revision: text("revision"),
    changedIn: text("changed-in"),
    live: oneOf("live", LIVE_CHOICES, text("live")),
  }) as Partial<Omit<TableMapping, "fields">>;
  const fields: Partial<Record<Field, string | null>> = {};
  for (const [field, flag] of FIELD_FLAGS) {
    const column = text(flag);
    if (column !== undefined) fields[field] = column === "none" ? null : column;
  }
  const newTable = values["new-table"] === true;
  return { ...commonOptions(values), newTable, choices: { ...choices, fields } };
}

/** Reads `a,b`; `none` and the empty text are the empty list. */
export function list(text: string | undefined): string[] | undefined {
  if (text === undefined) return;
  if (text.trim() === "none") return [];
  return text.split(",").map((part) => part.trim()).filter((part) => part !== "");
}

function commonOptions(values: Values): CommonOptions {
  return {
    project: values.project as string | undefined,
    databaseUrl: values["database-url"] as string | undefined,
    yes: values.yes === true,
    dryRun: values["dry-run"] === true,
  };
}

function parse(args: readonly string[], options: NonNullable<ParseArgsConfig["options"]>): Values {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: false }).values as Values;
  } catch (error) {
    // The message could quote a URL, with its password, that stands where no value is expected.
    const flag = /^(?:Unknown option|Option) '(?:-\w, )?(-[\w-]+)/.exec((error as Error).message)
      ?.[1];
    const problem = flag === undefined
      ? "There is a word that belongs to no flag"
      : `The flag ${flag} cannot be read`;
    throw new SetupError("unknown-flag", `${problem}: see "help".`);
  }
}

function oneOf<T extends string>(
  flag: string,
  choices: readonly T[],
  value: string | undefined,
): T | undefined {
  const found = choices.find((choice) => choice === value);
  if (value === undefined || found !== undefined) return found;
  throw new SetupError("flag-value", `--${flag} must be one of ${choices.join(", ")}.`);
}

function withoutUndefined(values: object): object {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}
