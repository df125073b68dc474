-- postgres_changes: what happens to the tables of the publication supabase_realtime. A real server
-- reads the write-ahead log; PGlite can't, so triggers write down what the log would hold.

create table realtime.subscription (
  id bigint generated always as identity primary key,
  entity regclass not null,
  event text not null check (event in ('*', 'INSERT', 'UPDATE', 'DELETE')),
  filter_column text,
  filter_operator text,
  filter_type text,
  filter_values text[],
  claims jsonb not null,
  role text generated always as (claims ->> 'role') stored
);
create index on realtime.subscription (entity);

create table realtime.change_outbox (
  position bigint generated always as identity primary key,
  transaction xid8 not null default pg_current_xact_id(),
  written_at timestamptz not null default clock_timestamp(),
  entity regclass not null,
  type text not null,
  record jsonb,
  old_record jsonb
);

-- Arguments: the replica identity (f: full), then the columns of the primary key.
create function realtime.capture_change() returns trigger
language plpgsql security definer set search_path = '' as $$
declare
  replica_identity text := tg_argv[0];
  key_columns text[] := tg_argv[1:];
  record jsonb := case when tg_op <> 'DELETE' then to_jsonb(new) end;
  old_record jsonb := case when tg_op <> 'INSERT' then to_jsonb(old) end;
begin
  if not exists (select from realtime.subscription s where s.entity = tg_relid) then
    return null;
  end if;
  -- The log leaves out a large value that an update did not touch.
  if tg_op = 'UPDATE' and replica_identity <> 'f' then
    select jsonb_object_agg(field.key, field.value) into record
    from jsonb_each(record) field
    where octet_length(field.value::text) <= 2048
      or field.value is distinct from old_record -> field.key;
  end if;
  if replica_identity <> 'f' then
    select jsonb_object_agg(field.key, field.value) into old_record
    from jsonb_each(old_record) field where field.key = any (key_columns);
  end if;
  insert into realtime.change_outbox (entity, type, record, old_record)
  values (tg_relid, tg_op, record, old_record);
  notify realtime_change;
  return null;
end
$$;

create function realtime.key_columns(entity regclass) returns text[]
language sql stable as $$
  select coalesce(array_agg(a.attname::text order by a.attnum), '{}')
  from pg_index i join pg_attribute a on a.attrelid = i.indrelid and a.attnum = any (i.indkey)
  where i.indrelid = entity and i.indisprimary
$$;

-- Gives every published table its trigger, and takes it from the others. The name sorts first, so
-- that a row's own change comes before what other triggers write because of it.
create function realtime.follow_publication() returns event_trigger
language plpgsql as $$
declare
  entity regclass;
  replica_identity text;
  arguments text;
begin
  for entity in
    select t.tgrelid from pg_trigger t
    where t.tgname = '0_realtime_capture' and not exists (
      select from pg_publication_rel r join pg_publication p on p.oid = r.prpubid
      where p.pubname = 'supabase_realtime' and r.prrelid = t.tgrelid
    )
  loop
    execute format('drop trigger "0_realtime_capture" on %s', entity);
  end loop;
  for entity, replica_identity in
    select c.oid, c.relreplident from pg_publication p
    join pg_publication_rel r on r.prpubid = p.oid join pg_class c on c.oid = r.prrelid
    where p.pubname = 'supabase_realtime'
  loop
    select string_agg(quote_literal(argument), ', ') into arguments
    from unnest(replica_identity || realtime.key_columns(entity)) argument;
    execute format(
      'create or replace trigger "0_realtime_capture" after insert or update or delete on %s '
      'for each row execute function realtime.capture_change(%s)', entity, arguments
    );
  end loop;
end
$$;

create event trigger realtime_follow_publication on ddl_command_end
when tag in ('CREATE PUBLICATION', 'ALTER PUBLICATION', 'DROP PUBLICATION', 'ALTER TABLE')
execute function realtime.follow_publication();
