-- Who gets which change, and what of it: filters, column privileges, row level security.

-- Refuses what a subscription could never match: unpublished tables, columns that the role can't
-- read, values that are not of the column's type.
create function realtime.subscribe(
  in_schema text, in_table text, in_event text, in_claims jsonb,
  in_column text default null, in_operator text default null, in_values text[] default null
) returns setof bigint language plpgsql as $$
declare
  entities regclass[];
  column_type text;
  canonical text[];
  entity regclass;
begin
  select array_agg(format('%I.%I', t.schemaname, t.tablename)::regclass) into entities
  from pg_publication_tables t
  where t.pubname = 'supabase_realtime' and t.schemaname = in_schema
    and (in_table = '*' or t.tablename = in_table)
    and has_any_column_privilege(
      in_claims ->> 'role', format('%I.%I', t.schemaname, t.tablename), 'SELECT'
    );
  if entities is null then
    raise exception using message = '';
  end if;
  foreach entity in array entities loop
    if in_column is not null then
      select format_type(a.atttypid, a.atttypmod) into column_type from pg_attribute a
      where a.attrelid = entity and a.attname = in_column and a.attnum > 0 and not a.attisdropped
        and has_column_privilege(in_claims ->> 'role', entity, a.attnum, 'SELECT');
      if column_type is null then
        raise exception 'invalid column for filter %', in_column;
      end if;
      -- Values are compared as the text that a record carries.
      execute format(
        'select array_agg(to_jsonb(value::%s) #>> ''{}'') from unnest($1) value', column_type
      ) into canonical using in_values;
    end if;
    return query
      insert into realtime.subscription as s
        (entity, event, claims, filter_column, filter_operator, filter_type, filter_values)
      values (entity, in_event, in_claims, in_column, in_operator, column_type, canonical)
      returning s.id;
  end loop;
end
$$;

-- A field that is null, or not in the log (a filtered DELETE with the default replica identity),
-- passes no filter. Equal values have equal texts, but for numeric: 1 and 1.0.
create function realtime.passes(s realtime.subscription, fields jsonb) returns boolean
language plpgsql as $$
declare
  value text := fields ->> s.filter_column;
  result boolean;
begin
  if s.filter_column is null then
    return true;
  elsif value is null then
    return false;
  elsif s.filter_operator in ('eq', 'in') and s.filter_type not like 'numeric%' then
    return value = any (s.filter_values);
  end if;
  execute format(
    'select case $2 when ''neq'' then $1::%1$s <> all ($3::%1$s[])'
    ' when ''lt'' then $1::%1$s < all ($3::%1$s[]) when ''lte'' then $1::%1$s <= all ($3::%1$s[])'
    ' when ''gt'' then $1::%1$s > all ($3::%1$s[]) when ''gte'' then $1::%1$s >= all ($3::%1$s[])'
    ' else $1::%1$s = any ($3::%1$s[]) end', s.filter_type
  ) into result using value, s.filter_operator, s.filter_values;
  return result;
end
$$;

-- Whether the row, as it is now, is visible to the claims: a row that is gone is visible to nobody.
create function realtime.is_visible(entity regclass, key jsonb, claims jsonb) returns boolean
language plpgsql as $$
declare
  condition text;
  result boolean;
begin
  select string_agg(format('t.%I = %L', field.key, field.value), ' and ') into condition
  from jsonb_each_text(key) field;
  perform
    set_config('request.jwt.claims', claims::text, true),
    set_config('request.jwt.claim.sub', coalesce(claims ->> 'sub', ''), true),
    set_config('request.jwt.claim.role', claims ->> 'role', true),
    set_config('role', claims ->> 'role', true);
  execute format('select exists (select from %s t where %s)', entity, condition) into result;
  perform set_config('role', 'none', true);
  return result;
exception when others then
  -- A policy that fails shows nothing; the block's end takes the role back.
  return false;
end
$$;

-- Takes the oldest changes from the outbox. One row for each change and role that someone subscribed
-- with.
create function realtime.take_changes(max_record_bytes int, max_changes int)
returns table (subscriptions bigint[], data text) language plpgsql as $$
declare
  change record;
  reader text;
  columns jsonb;
  readable text[];
  key_columns text[];
  secured boolean;
  too_large boolean;
  errors jsonb;
  new_fields jsonb;
  old_fields jsonb;
  matching bigint[];
begin
  for change in
    with taken as (
      delete from realtime.change_outbox where position = any (array(
        select o.position from realtime.change_outbox o order by o.position limit max_changes
      )) returning *
    )
    select t.*, n.nspname, c.relname, c.relrowsecurity,
      max(t.written_at) over (partition by t.transaction) as committed_at
    from taken t join pg_class c on c.oid = t.entity join pg_namespace n on n.oid = c.relnamespace
    order by t.position
  loop
    key_columns := realtime.key_columns(change.entity);
    secured := change.relrowsecurity;
    too_large := coalesce(octet_length(change.record::text), 0)
      + coalesce(octet_length(change.old_record::text), 0) > max_record_bytes;
    for reader in
      select distinct s.role from realtime.subscription s where s.entity = change.entity
    loop
      select array_agg(s.id) into matching from realtime.subscription s
      where s.entity = change.entity and s.role = reader and s.event in ('*', change.type)
        and (realtime.passes(s, change.record)
          or change.type = 'DELETE' and realtime.passes(s, change.old_record));
      continue when matching is null;

      select
        jsonb_agg(jsonb_build_object('name', a.attname, 'type', t.typname) order by a.attnum),
        array_agg(a.attname::text)
      into columns, readable
      from pg_attribute a join pg_type t on t.oid = a.atttypid
      where a.attrelid = change.entity and a.attnum > 0 and not a.attisdropped
        and has_column_privilege(reader, change.entity, a.attnum, 'SELECT');
      continue when readable is null;

      -- Row level security is checked for what is there to be checked: never for a DELETE.
      if secured and change.type <> 'DELETE' then
        select array_agg(s.id) into matching from realtime.subscription s
        where s.id = any (matching) and realtime.is_visible(
          change.entity,
          (select jsonb_object_agg(k, change.record -> k) from unnest(key_columns) k), s.claims
        );
        continue when matching is null;
      end if;

      errors := 'null';
      if too_large then
        errors := jsonb_build_array('Error 413: Payload Too Large');
      end if;
      select jsonb_object_agg(f.key, f.value) into new_fields from jsonb_each(change.record) f
      where f.key = any (readable) and (not too_large or octet_length(f.value::text) <= 64);
      select jsonb_object_agg(f.key, f.value) into old_fields from jsonb_each(change.old_record) f
      where f.key = any (readable) and (not too_large or octet_length(f.value::text) <= 64)
        and (change.type = 'UPDATE' or not secured or f.key = any (key_columns));

      subscriptions := matching;
      data := (jsonb_build_object(
        'table', change.relname, 'type', change.type, 'schema', change.nspname,
        'columns', columns, 'errors', errors,
        'commit_timestamp',
          to_char(change.committed_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
      ) || case when change.type = 'DELETE' then '{}' else
        jsonb_build_object('record', new_fields) end
        || case when change.type = 'INSERT' then '{}' else
        jsonb_build_object('old_record', coalesce(old_fields, '{}')) end)::text;
      return next;
    end loop;
  end loop;
end
$$;
