import type { TableName } from "../options/table_name.ts";
import type { Database } from "./open_database.ts";
import type { TableDescription } from "./table_description.ts";

/** Schemas of the platform and of PostgreSQL: a user's tables are in others. */
const OTHER_SCHEMAS = [
  ...["information_schema", "auth", "storage", "realtime", "extensions", "vault", "graphql"],
  ...["graphql_public", "supabase_functions", "supabase_migrations", "pgbouncer", "cron", "net"],
  ...["pgsodium", "pgsodium_masks", "pgmq", "_realtime", "_analytics", "file_events"],
];

const TABLES = `
  select n.nspname as schema, c.relname as "table"
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'f') and n.nspname not like 'pg\\_%'
    and n.nspname <> all (string_to_array($1, ','))
    and (n.nspname, c.relname) <> ('public', 'file_deletions')
  order by n.nspname <> 'public', n.nspname, c.relname`;

/** The names of the user's tables and views; those of `public` first. */
export function readTableNames(database: Database): Promise<TableName[]> {
  return database.query<TableName>(TABLES, [OTHER_SCHEMAS.join(",")]);
}

const DESCRIPTION = `
  select n.nspname as schema, c.relname as "table", c.relkind as kind,
    c.relispartition as "isPartition",
    not c.relispartition and exists (select from pg_inherits i where i.inhrelid = c.oid)
      as "inherits",
    c.relkind = 'r' and exists (select from pg_inherits i where i.inhparent = c.oid)
      as "hasChildren",
    coalesce((
      select jsonb_agg(jsonb_build_object(
        'name', a.attname,
        'type', format_type(a.atttypid, null),
        'category', t.typcategory,
        'isNullable', not a.attnotnull,
        'isGenerated', a.attgenerated <> '',
        'isUnique', exists (
          select from pg_index i
          where i.indrelid = c.oid and i.indisunique and i.indisvalid and i.indimmediate
            and i.indnkeyatts = 1 and i.indkey[0] = a.attnum and i.indpred is null
        ),
        'referencesUsers', exists (
          select from pg_constraint k
          where k.conrelid = c.oid and k.contype = 'f' and k.conkey = array[a.attnum]
            and k.confrelid = to_regclass('auth.users')
        ),
        'words', coalesce(
          (
            select jsonb_agg(e.enumlabel order by e.enumsortorder)
            from pg_enum e where e.enumtypid = a.atttypid
          ),
          (
            select jsonb_agg(replace(word[1], '''''', '''') order by place)
            from pg_constraint k,
              regexp_matches(
                pg_get_constraintdef(k.oid), '''((?:[^'']|'''')*)''::', 'g'
              ) with ordinality as found (word, place)
            where k.conrelid = c.oid and k.contype = 'c' and k.conkey = array[a.attnum]
          ),
          (
            select to_jsonb(s.most_common_vals::text::text[]) from pg_stats s
            where t.typcategory = 'S'
              and s.schemaname = n.nspname and s.tablename = c.relname and s.attname = a.attname
              and a.attname ~* '(status|state)$'
            order by s.inherited desc limit 1
          ),
          '[]'
        )
      ) order by a.attnum)
      from pg_attribute a join pg_type t on t.oid = a.atttypid
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    ), '[]') as columns
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where n.nspname = $1 and c.relname = $2 and c.relkind in ('r', 'p', 'v', 'm', 'f')`;

/** Describes a table or view; nothing if there is none of this name. */
export async function readTable(
  database: Database,
  { schema, table }: TableName,
): Promise<TableDescription | undefined> {
  const [row] = await database.query<TableDescription & { columns: unknown }>(
    DESCRIPTION,
    [schema, table],
  );
  if (!row) return;
  // Without the types of the database, which are not fetched, JSON may come as text.
  const columns = typeof row.columns === "string" ? JSON.parse(row.columns) : row.columns;
  return { ...row, columns };
}
