import { readFile } from "node:fs/promises";
import { SCHEMA_VERSION } from "../../supabase/functions/file-events/schema_version.ts";
import { FIELDS, type TableMapping } from "../mapping/table_mapping.ts";
import { fillTemplate } from "./fill_template.ts";
import { hexDigest } from "./hex_digest.ts";
import { indexName } from "./index_name.ts";
import { nameStream } from "./name_stream.ts";
import { quoteIdentifier, quoteLiteral, quoteTable } from "./quote.ts";
import { ABSENT, castToId, JSON_SETTINGS, OPTIONAL_COLUMN, rowJson } from "./row_json.ts";
import { wrap } from "./wrap.ts";

/** What can be rendered for any table. */
export type ScriptName =
  | "file_events"
  | "file_events_broadcast"
  | "check_installation"
  | "remove_file_events";

/** What there is for the default table only. */
export type DefaultScriptName = "files" | "postgres_changes";

/**
 * Renders the SQL for a table. For the default mapping that is a file in `supabase/`.
 *
 * @param stream The name of the stream: see {@linkcode nameStream}. The function has its names in
 * `database_names.ts`.
 */
export async function renderScript(
  name: ScriptName,
  mapping: TableMapping,
  stream = "file",
): Promise<string> {
  const template = nameStream(await readTemplate(name), stream);
  return fillTemplate(template, await valuesOf(mapping));
}

/**
 * Renders a query that returns, as `live`, what the migration decides by the policies of the table:
 * "rows" or "pings". The table must exist.
 */
export async function renderLiveChoice(mapping: TableMapping): Promise<string> {
  return (await valuesOf(mapping)).live_choice!;
}

/** Reads the SQL of a script that needs the default table. */
export function readDefaultScript(name: DefaultScriptName): Promise<string> {
  return readTemplate(name);
}

function readTemplate(name: string): Promise<string> {
  return readFile(new URL(`./templates/${name}.sql`, import.meta.url), "utf8");
}

/** What the templates name. `…_name` is the bare name, for literals; without it, an identifier. */
async function valuesOf(mapping: TableMapping): Promise<Record<string, string>> {
  const values = await simpleValuesOf(mapping);
  const policyQueries = fillTemplate(await readTemplate("policy_queries"), values).trimEnd();
  const withPolicies = { ...values, policy_queries: policyQueries };
  const liveChoice = fillTemplate(await readTemplate("live_choice"), withPolicies).trimEnd();
  return { ...withPolicies, live_choice: liveChoice };
}

async function simpleValuesOf(mapping: TableMapping): Promise<Record<string, string>> {
  const { id, idType, owner, fields, extra, revision, changedIn, live } = mapping;
  const columns = FIELDS.filter((field) => field !== "created_at").flatMap((it) =>
    fields[it] ?? []
  );
  const streamed = [...new Set([...columns, ...extra])];
  const createdAt = fields.created_at === OPTIONAL_COLUMN ? null : fields.created_at;
  const required = [...new Set([...streamed, ...createdAt === null ? [] : [createdAt]])]
    .filter((column) => column !== id && column !== owner);
  const tracked = [...new Set([id, owner, ...streamed, revision, changedIn])];
  const rowOf = (row: string) => wrap(streamed.map((it) => `${row}.${quoteIdentifier(it)}`));
  return {
    schema_version: String(SCHEMA_VERSION),
    mapping: JSON.stringify(mapping),
    mapping_hash: (await hexDigest(JSON.stringify(mapping))).slice(0, 16),
    schema_name: mapping.schema,
    table_name: mapping.table,
    table: quoteTable(mapping),
    id: quoteIdentifier(id),
    id_name: id,
    id_type: idType,
    owner: quoteIdentifier(owner),
    owner_name: owner,
    owner_pattern: owner.replace(/\W/g, "\\$&"),
    revision: quoteIdentifier(revision),
    revision_name: revision,
    changed_in: quoteIdentifier(changedIn),
    changed_in_name: changedIn,
    index: await ownIndexName(mapping),
    needed_columns: wrap([
      `(${quoteLiteral(id)}, '${idType}')`,
      `(${quoteLiteral(owner)}, 'uuid')`,
      ...required.map((column) => `(${quoteLiteral(column)}, null)`),
    ]),
    checked_columns: checkedColumns(mapping, required).join(",\n"),
    tracked_names: wrap(tracked.map(quoteLiteral)),
    new_streamed: rowOf("new"),
    old_streamed: rowOf("old"),
    file: rowJson(mapping),
    absent: ABSENT,
    // Clients need a grant of it where the table has it.
    optional_name: fields.created_at === OPTIONAL_COLUMN ? OPTIONAL_COLUMN : "",
    json_settings: JSON_SETTINGS,
    to_id: castToId(idType),
    chosen_live: live === "auto" ? "live" : quoteLiteral(live),
  };
}

async function ownIndexName({ table, owner, changedIn, revision }: TableMapping): Promise<string> {
  const name = await indexName([table, owner, changedIn, revision]);
  // No keyword has an underscore and this end.
  return /^[a-z_][a-z0-9_]*$/.test(name) ? name : quoteIdentifier(name);
}

/** Rows of `needed_column` in check_installation: relation, name, type, whether we have added it. */
function checkedColumns(mapping: TableMapping, required: readonly string[]): string[] {
  const row = (name: string, type: string | null, isAdded: boolean) => {
    const values = [quoteLiteral(quoteTable(mapping)), quoteLiteral(name)];
    return `(${[...values, type === null ? "null" : `'${type}'`, isAdded].join(", ")})`;
  };
  return [
    row(mapping.id, mapping.idType, false),
    row(mapping.owner, "uuid", false),
    ...required.map((name) => row(name, name === mapping.fields.progress ? "number" : null, false)),
    row(mapping.revision, "bigint", true),
    row(mapping.changedIn, "xid8", true),
  ];
}
