-- Live changes within milliseconds: the database itself sends each to its owner's private Realtime
-- topic, `files:<user_id>`. They are hints; file_changes_since is the truth: docs/database.md.
-- Repeatable. Needs 20261123000100_file_events.sql.

-- What is sent of a row. It takes columns, for a row of a transition table has no named type.
create or replace function file_events.update_message(
  id uuid, filename text, file_type text, status text, progress numeric, processing_stage text,
  error_message text, revision bigint, changed_in xid8
) returns jsonb
language sql immutable
set search_path = ''
as $$
  select jsonb_build_object('operation', 'update', 'file', jsonb_build_object(
    'id', id,
    'filename', left(filename, 1024),
    'file_type', left(file_type, 1024),
    'status', status,
    'progress', progress,
    'processing_stage', processing_stage,
    'error_message', left(error_message, 4096),
    'revision', revision,
    'changed_in', changed_in::text
  ))
$$;

-- What is sent of the tombstone that this transaction has left.
create or replace function file_events.delete_message(file_id uuid, owner uuid) returns jsonb
language sql stable
set search_path = ''
as $$
  select jsonb_build_object('operation', 'delete', 'file', jsonb_build_object(
    'id', d.id, 'revision', d.revision, 'changed_in', d.changed_in::text
  ))
  from public.file_deletions d
  where d.id = file_id and d.user_id = owner
    and d.changed_in = pg_current_xact_id_if_assigned()
  order by d.revision desc limit 1
$$;

-- Each message takes a subtransaction, and many of those in one transaction slow everybody down. So
-- a statement sends at most 50; of more it tells each owner only that there are many. Of a thousand
-- owners, that is: the others' streams find out by themselves, within a minute.
create or replace function file_events.broadcast() returns trigger
language plpgsql security definer
set search_path = ''
as $$
declare
  max_messages constant integer := 50;
  max_owners constant integer := 1000;
  owners uuid[];
  messages jsonb[];
begin
  -- A database without Realtime.
  if to_regprocedure('realtime.send(jsonb, text, text, boolean)') is null then
    return null;
  end if;

  -- One more than may be sent, to know that there are more.
  if tg_op = 'INSERT' then
    select array_agg(c.user_id), array_agg(c.message) into owners, messages
    from (
      select n.user_id, file_events.update_message(n.id, n.filename, n.file_type, n.status,
        n.progress, n.processing_stage, n.error_message, n.revision, n.changed_in) as message
      from new_files n
      where n.user_id is not null limit max_messages + 1
    ) c;
  elsif tg_op = 'UPDATE' then
    select array_agg(c.user_id), array_agg(c.message) into owners, messages
    from (
      (
        select o.user_id, file_events.delete_message(o.id, o.user_id) as message
        from old_files o
        where o.user_id is not null and not exists (
          select from new_files n where n.id = o.id and n.user_id = o.user_id
        )
        limit max_messages + 1
      )
      union all
      (
        select n.user_id, file_events.update_message(n.id, n.filename, n.file_type, n.status,
          n.progress, n.processing_stage, n.error_message, n.revision, n.changed_in)
        from new_files n
        where n.user_id is not null and not exists (
          select from old_files o where o.revision = n.revision
        )
        limit max_messages + 1
      )
    ) c;
  elsif tg_op = 'DELETE' then
    select array_agg(c.user_id), array_agg(c.message) into owners, messages
    from (
      select o.user_id, file_events.delete_message(o.id, o.user_id) as message from old_files o
      where o.user_id is not null limit max_messages + 1
    ) c;
  end if;

  if cardinality(messages) <= max_messages then
    for i in 1 .. cardinality(messages) loop
      perform realtime.send(messages[i], 'change', 'files:' || owners[i], true);
    end loop;
    return null;
  end if;

  if tg_op = 'INSERT' then
    owners := array(select distinct n.user_id from new_files n limit max_owners);
  elsif tg_op = 'UPDATE' then
    owners := array(
      select o.user_id from old_files o union select n.user_id from new_files n limit max_owners
    );
  elsif tg_op = 'DELETE' then
    owners := array(select distinct o.user_id from old_files o limit max_owners);
  else
    owners := array(
      select distinct d.user_id from public.file_deletions d
      where d.changed_in = pg_current_xact_id_if_assigned() limit max_owners
    );
  end if;
  for i in 1 .. cardinality(owners) loop
    perform realtime.send('{}', 'many', 'files:' || owners[i], true);
  end loop;
  return null;
end;
$$;

revoke execute on function
  file_events.update_message(uuid, text, text, text, numeric, text, text, bigint, xid8),
  file_events.delete_message(uuid, uuid), file_events.broadcast()
  from public, anon, authenticated;

create or replace trigger file_events_broadcast_on_insert
  after insert on public.files referencing new table as new_files
  for each statement execute function file_events.broadcast();

create or replace trigger file_events_broadcast_on_update
  after update on public.files referencing old table as old_files new table as new_files
  for each statement execute function file_events.broadcast();

create or replace trigger file_events_broadcast_on_delete
  after delete on public.files referencing old table as old_files
  for each statement execute function file_events.broadcast();

create or replace trigger file_events_broadcast_on_truncate
  after truncate on public.files
  for each statement execute function file_events.broadcast();

-- Who may listen: the owner. The restrictive policies hold whatever permissive ones a project has
-- (Supabase's documentation shows `using (true)`), and permissive policies add up.
do $$
begin
  if to_regclass('realtime.messages') is null then
    raise notice 'file-events: no realtime.messages here, so live changes are not broadcast';
    return;
  end if;

  drop policy if exists "Users listen to their own files" on realtime.messages;
  create policy "Users listen to their own files" on realtime.messages
    for select to authenticated
    using (
      realtime.topic() = 'files:' || (select auth.uid())::text
      and realtime.messages.extension = 'broadcast'
    );

  drop policy if exists "Nobody listens to the files of others" on realtime.messages;
  create policy "Nobody listens to the files of others" on realtime.messages
    as restrictive for select to anon, authenticated
    using (
      coalesce(realtime.topic(), '') not like 'files:%'
      or realtime.topic() = 'files:' || (select auth.uid())::text
    );

  drop policy if exists "Only the database speaks of files" on realtime.messages;
  create policy "Only the database speaks of files" on realtime.messages
    as restrictive for insert to anon, authenticated
    with check (coalesce(realtime.topic(), '') not like 'files:%');
end;
$$;
