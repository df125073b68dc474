import type { Field, IdType, TableMapping } from "../mapping/table_mapping.ts";
import { quoteIdentifier, quoteLiteral } from "./quote.ts";

/** The longest text of each field, in characters. */
const MAX_LENGTH: Partial<Record<Field, number>> = {
  filename: 1024,
  file_type: 1024,
  status: 1024,
  processing_stage: 1024,
  error_message: 4096,
};

/** The one column that the table may lack: unqualified, it is then that of {@linkcode ABSENT}. */
export const OPTIONAL_COLUMN = "created_at";
/** Stands beside the table wherever its JSON is made. */
export const ABSENT = `(select null::text as ${OPTIONAL_COLUMN}) absent`;

/** Settings of the functions that make this JSON. Without them it would depend on the session. */
export const JSON_SETTINGS = [
  "set timezone = 'UTC'",
  "set datestyle = 'ISO, MDY'",
  "set intervalstyle = 'postgres'",
  "set extra_float_digits = 1",
  "set bytea_output = 'hex'",
  "set lc_monetary = 'C'",
].join("\n");

/** An expression of SQL: the JSON of a file, made of the row `f`. */
export function rowJson(
  { id, fields, extra, finalStatuses, revision, changedIn }: TableMapping,
): string {
  const column = (name: string) => `f.${quoteIdentifier(name)}`;
  const status = fields.status === null ? null : `${column(fields.status)}::text`;
  const members = [
    `'id', ${column(id)}::text`,
    ...Object.entries(fields).map(([field, name]) => {
      if (name === null) return `'${field}', null`;
      const source = name === OPTIONAL_COLUMN ? name : column(name);
      return `'${field}', ${fieldValue(field as Field, source)}`;
    }),
    `'final', ${isFinal(status, finalStatuses)}`,
    `'revision', ${column(revision)}`,
    `'changed_in', ${column(changedIn)}::text`,
  ];
  if (extra.length > 0) {
    const values = extra.map((it) => `${quoteLiteral(it)}, file_events.cut(${column(it)})`);
    members.push(`'extra', jsonb_build_object(\n    ${values.join(",\n    ")}\n  )`);
  }
  return `jsonb_build_object(\n  ${members.join(",\n  ")}\n)`;
}

function fieldValue(field: Field, column: string): string {
  const max = MAX_LENGTH[field];
  return max ? `left(${column}::text, ${max})` : `file_events.cut(${column})`;
}

/** A null status is final, because nothing says that more is to come. */
function isFinal(status: string | null, statuses: readonly string[]): string {
  if (status === null) return "true";
  if (statuses.length === 0) return `${status} is null`;
  return `coalesce(${status} in (${statuses.map(quoteLiteral).join(", ")}), true)`;
}

/**
 * An expression of SQL: the text `t` as an id, or null if no id can be written like that. Numbers
 * count only as PostgreSQL writes them, because they are compared as texts elsewhere.
 */
export function castToId(type: IdType): string {
  const guards: Record<IdType, string | undefined> = {
    uuid: "t ~* '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'",
    bigint: integerGuard(19, "9223372036854775808"),
    integer: integerGuard(10, "2147483648"),
    text: undefined,
  };
  const guard = guards[type];
  return guard === undefined ? "t" : `case\n  when ${guard} then t::${type}\nend`;
}

/** CASE casts only what the pattern lets through: at most 19 digits. */
function integerGuard(digits: number, limit: string): string {
  return `case when t ~ '^(0|-?[1-9][0-9]{0,${digits - 1}})$'\n` +
    `    then t::numeric >= -${limit} and t::numeric < ${limit} end`;
}
