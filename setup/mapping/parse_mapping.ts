import { SetupError } from "../setup_error.ts";
import {
  DEFAULT_MAPPING,
  type Field,
  FIELDS,
  ID_TYPES,
  LIVE_CHOICES,
  type TableMapping,
} from "./table_mapping.ts";

const MAX_EXTRA = 16;
const MAX_FINAL_STATUSES = 32;
/** PostgreSQL cuts longer names. */
const MAX_NAME_BYTES = 63;

/** What a file in an event has already. An extra column of this name would take its place. */
const PROTOCOL_FIELDS: readonly string[] = ["id", "revision", ...FIELDS];

/**
 * Parses a mapping, as JSON describes it.
 *
 * @throws {SetupError} `mapping-invalid`, with the first thing that is wrong.
 */
export function parseMapping(value: unknown): TableMapping {
  const json = object(value, "The mapping");
  const unknown = Object.keys(json).find((key) => !Object.hasOwn(DEFAULT_MAPPING, key));
  if (unknown !== undefined) throw invalid(`The mapping has no "${unknown}"`);
  const mapping: TableMapping = {
    schema: name(json.schema, "schema"),
    table: name(json.table, "table"),
    id: name(json.id, "id"),
    idType: oneOf(ID_TYPES, json.idType, "idType"),
    owner: name(json.owner, "owner"),
    fields: parseFields(json.fields),
    extra: parseList(json.extra, "extra", MAX_EXTRA).map((column) => name(column, "extra")),
    finalStatuses: parseList(json.finalStatuses, "finalStatuses", MAX_FINAL_STATUSES)
      .map((status) => text(status, "finalStatuses")),
    revision: name(json.revision, "revision"),
    changedIn: name(json.changedIn, "changedIn"),
    live: oneOf(LIVE_CHOICES, json.live, "live"),
  };
  refuseConflicts(mapping);
  return mapping;
}

function parseFields(value: unknown): TableMapping["fields"] {
  const json = object(value, '"fields"');
  const unknown = Object.keys(json).find((key) => !(FIELDS as readonly string[]).includes(key));
  if (unknown !== undefined) {
    throw invalid(`There is no field "${unknown}": the fields are ${FIELDS.join(", ")}`);
  }
  const columns = FIELDS.map((field): [Field, string | null] => {
    const column = json[field] ?? null;
    return [field, column === null ? null : name(column, field)];
  });
  return Object.fromEntries(columns) as Record<Field, string | null>;
}

function refuseConflicts(mapping: TableMapping): void {
  const { schema, table, id, owner, fields, extra, revision, changedIn } = mapping;
  if (schema === "file_events" || schema === "public" && table === "file_deletions") {
    throw invalid(`The table ${schema}.${table} has a name that file-events needs: rename it`);
  }
  for (const column of extra) {
    if (PROTOCOL_FIELDS.includes(column)) {
      throw invalid(
        `The extra column "${column}" has the name of a field of the protocol: ` +
          "map it to that field, or give the column another name",
      );
    }
  }
  const ours = [revision, changedIn];
  const theirs = [id, owner, ...Object.values(fields), ...extra];
  const repeated = ours.find((column) => theirs.includes(column)) ??
    [id, owner, ...ours].find((column, index, all) => all.indexOf(column) < index) ??
    extra.find((column, index) => extra.indexOf(column) < index);
  if (repeated !== undefined) {
    throw invalid(`The column "${repeated}" is named twice: each column can have one purpose`);
  }
}

/** The name of a table or column, as the catalogue has it, without quotes around it. */
function name(value: unknown, key: string): string {
  const found = text(value, key);
  if (new TextEncoder().encode(found).length > MAX_NAME_BYTES) {
    throw invalid(`The name "${found}" is longer than ${MAX_NAME_BYTES} bytes`);
  }
  return found;
}

function text(value: unknown, key: string): string {
  // deno-lint-ignore no-control-regex -- they could end a comment in the rendered SQL
  if (typeof value === "string" && /^[^\x00-\x1f\x7f\u0085\u2028\u2029]+$/.test(value)) {
    // The rendered SQL has names and statuses in comments and in bodies between $$.
    if (value.includes("$$")) throw invalid(`"${value}" (${key}) contains $$: rename it`);
    return value;
  }
  throw invalid(`"${key}" must be a text without control characters`);
}

function parseList(value: unknown, key: string, max: number): readonly unknown[] {
  if (!Array.isArray(value)) throw invalid(`"${key}" must be a list`);
  if (value.length > max) throw invalid(`"${key}" may have ${max} elements at most`);
  return value;
}

function oneOf<T extends string>(choices: readonly T[], value: unknown, key: string): T {
  const found = choices.find((choice) => choice === value);
  if (found === undefined) throw invalid(`"${key}" must be one of ${choices.join(", ")}`);
  return found;
}

function object(value: unknown, what: string): Record<string, unknown> {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw invalid(`${what} must be an object`);
}

function invalid(message: string): SetupError {
  return new SetupError("mapping-invalid", message);
}
