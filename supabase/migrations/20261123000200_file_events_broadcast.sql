-- Live changes within milliseconds: the database itself sends each to its owner's private Realtime
-- topic, `files:<user_id>`. They may be lost; file_changes_since is complete: docs/database.md.
-- Repeatable. Needs 20261123000100_file_events.sql.

-- Each message takes a subtransaction, and many of those in one transaction slow everybody down. So
-- a statement sends at most 50; of more it tells each owner only that there are many. Of a thousand
-- owners, that is: the others' streams find out by themselves, within a minute.
create or replace function file_events.broadcast() returns trigger
language plpgsql security definer
-- Temporary objects last: with an empty path a temporary type could take a built-in one's name.
set search_path = pg_catalog, pg_temp
-- A session keeps its plans, even one that it made while the table was tiny. And a wrong estimate
-- would start the compiler for each row.
set enable_seqscan = off
set jit = off
as $$
-- A column of public.files may have the name of a variable.
#variable_conflict use_variable
declare
  max_messages constant integer := 50;
  max_owners constant integer := 1000;
  changes uuid[]; -- pairs: owner, id
  owners uuid[];
  change uuid[];
  owner uuid;
  message jsonb;
begin
  -- A database whose Realtime is gone; or an update by change tracking's own triggers, of rows that
  -- the statement around it tells of.
  if to_regprocedure('realtime.send(jsonb, text, text, boolean)') is null
    or current_setting('file_events.silent_at', true) = pg_trigger_depth()::text
  then
    return null;
  end if;

  -- Changes: one more than may be sent, to know that there are more. EXCEPT compares by hashing or
  -- sorting, whatever the planner takes the number of rows for.
  if tg_op = 'UPDATE' then
    with changed as (
      (
        select o.user_id, o.id from old_files o where o.user_id is not null
        except
        select n.user_id, n.id from new_files n
      )
      union all
      select n.user_id, n.id from (
        select n.user_id, n.id, n.revision from new_files n where n.user_id is not null
        except
        select o.user_id, o.id, o.revision from old_files o
      ) n
    )
    select array_agg(array[first.user_id, first.id]),
      array(select distinct c.user_id from changed c limit max_owners)
    into changes, owners
    from (select * from changed limit max_messages + 1) first;
  elsif tg_op = 'TRUNCATE' then
    owners := array(
      select distinct d.user_id from public.file_deletions d
      where d.changed_in = pg_current_xact_id_if_assigned() limit max_owners
    );
  else
    select array_agg(array[first.user_id, first.id]),
      array(select distinct c.user_id from changed_files c where c.user_id is not null limit max_owners)
    into changes, owners
    from (
      select c.user_id, c.id from changed_files c
      where c.user_id is not null limit max_messages + 1
    ) first;
  end if;

  if array_length(changes, 1) <= max_messages then
    foreach change slice 1 in array changes loop
      -- What is true now: other triggers may have come between the row and this message. Rows are
      -- found by their id alone: statistics could lead the planner to all rows of the owner.
      select jsonb_build_object('operation', 'update', 'file', to_jsonb(file))
      into message
      from (select null::timestamptz as created_at) absent cross join lateral (
        select f.id, left(f.filename::text, 1024) as filename,
          left(f.file_type::text, 1024) as file_type, left(f.status::text, 1024) as status,
          f.progress, left(f.processing_stage::text, 1024) as processing_stage,
          left(f.error_message::text, 4096) as error_message,
          -- The table's column. Without one, that of `absent`: null.
          created_at,
          f.revision, f.changed_in::text
        from public.files f
        where f.id = change[2] and f.user_id is not distinct from change[1]
        limit 1
      ) file;
      if not found then
        select jsonb_build_object('operation', 'delete', 'file', to_jsonb(deletion))
        into message
        from (
          select d.id, d.revision, d.changed_in::text from public.file_deletions d
          where d.id = change[2] and d.user_id is not distinct from change[1] offset 0
        ) deletion
        order by deletion.revision desc limit 1;
      end if;
      -- Without a message the tombstone could not be written: a catch-up gets a new epoch.
      perform realtime.send(
        coalesce(message, '{}'), case when message is null then 'many' else 'change' end,
        'files:' || change[1], true
      );
    end loop;
  else
    foreach owner in array owners loop
      perform realtime.send('{}', 'many', 'files:' || owner, true);
    end loop;
  end if;
  return null;
exception when others then
  raise warning 'file-events: no live changes sent: %', sqlerrm;
  return null;
end;
$$;

revoke execute on function file_events.broadcast() from public, anon, authenticated;

do $$
begin
  -- Nor are there triggers then: what they send must never be without its policies.
  if to_regclass('realtime.messages') is null then
    raise notice 'file-events: no realtime.messages here, so live changes are not broadcast. Apply this again once there is';
    return;
  end if;

  -- Who may listen: the owner.
  drop policy if exists "Users listen to their own files" on realtime.messages;
  create policy "Users listen to their own files" on realtime.messages
    for select to authenticated
    using (extension = 'broadcast' and topic = 'files:' || (select auth.uid())::text);

  -- Who may speak: nobody but the database. Restrictive, for permissive policies add up, and many
  -- projects have some with `using (true)`, which Supabase's documentation shows.
  drop policy if exists "Files are heard by their owner and told by the database" on realtime.messages;
  create policy "Files are heard by their owner and told by the database" on realtime.messages
    as restrictive for all to public
    using (topic not like 'files:%' or topic = 'files:' || (select auth.uid())::text)
    with check (topic not like 'files:%');

  create or replace trigger file_events_send_on_insert
    after insert on public.files referencing new table as changed_files
    for each statement execute function file_events.broadcast();

  create or replace trigger file_events_send_on_update
    after update on public.files referencing old table as old_files new table as new_files
    for each statement execute function file_events.broadcast();

  create or replace trigger file_events_send_on_delete
    after delete on public.files referencing old table as changed_files
    for each statement execute function file_events.broadcast();

  create or replace trigger file_events_send_on_truncate
    after truncate on public.files
    for each statement execute function file_events.broadcast();
end;
$$;
