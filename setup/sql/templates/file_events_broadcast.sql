-- Live changes within milliseconds: the database itself sends each to its owner's private Realtime
-- topic, `files:<user_id>`. They may be lost; file_changes_since is complete: docs/database.md.
-- Repeatable. Needs …_file_events.sql.

-- Each message takes a subtransaction, and many of those in one transaction slow everybody down. So
-- a statement sends at most 50; of more it tells each owner only that there are some: `ping` if they
-- are ten at most, else `many`, which asks them not to query all at once, and a thousand of them at
-- most: the others' streams find out by themselves, within a minute. Where policies ask for more than
-- ownership, which Realtime doesn't know, no message carries a row (file_events.state.live).
create or replace function file_events.broadcast() returns trigger
language plpgsql security definer
-- Temporary objects last: with an empty path a temporary type could take a built-in one's name.
set search_path = pg_catalog, pg_temp
-- A session keeps its plans, even one that it made while the table was tiny. And a wrong estimate
-- would start the compiler for each row.
set enable_seqscan = off
set jit = off
-- Whatever the session has set, the JSON of a row is that of file_changes_since.
{{json_settings}}
as $$
-- A column of {{table}} may have the name of a variable.
#variable_conflict use_variable
declare
  max_messages constant integer := 50;
  max_pings constant integer := 10;
  max_owners constant integer := 1000;
  live text;
  -- The changes to tell of, one more than may be sent: owners[n] is told of ids[n].
  ids {{id_type}}[];
  owners uuid[];
  -- Everybody to tell.
  audience uuid[];
  listener uuid;
  message jsonb;
begin
  -- A database whose Realtime is gone; or an update by change tracking's own triggers, of rows that
  -- the statement around it tells of.
  if to_regprocedure('realtime.send(jsonb, text, text, boolean)') is null
    or current_setting('file_events.silent_at', true) = pg_trigger_depth()::text
  then
    return null;
  end if;

  -- EXCEPT compares by hashing or sorting, whatever the planner takes the number of rows for.
  if tg_op = 'UPDATE' then
    with changed (user_id, id) as (
      (
        select o.{{owner}}, o.{{id}} from old_files o where o.{{owner}} is not null
        except
        select n.{{owner}}, n.{{id}} from new_files n
      )
      union all
      select n.{{owner}}, n.{{id}} from (
        select n.{{owner}}, n.{{id}}, n.{{revision}} from new_files n where n.{{owner}} is not null
        except
        select o.{{owner}}, o.{{id}}, o.{{revision}} from old_files o
      ) n
    )
    select array_agg(first.user_id), array_agg(first.id),
      array(select distinct g.user_id from changed g limit max_owners)
    into owners, ids, audience
    from (select * from changed limit max_messages + 1) first;
  elsif tg_op = 'TRUNCATE' then
    audience := array(
      select distinct d.user_id from public.file_deletions d
      where d.changed_in = pg_current_xact_id_if_assigned() limit max_owners
    );
  else
    select array_agg(first.user_id), array_agg(first.id),
      array(select distinct n.{{owner}} from changed_files n where n.{{owner}} is not null limit max_owners)
    into owners, ids, audience
    from (
      select n.{{owner}}, n.{{id}} from changed_files n
      where n.{{owner}} is not null limit max_messages + 1
    ) first (user_id, id);
  end if;
  if audience is null or audience = '{}' then
    return null;
  end if;

  select s.live into live from file_events.state s;
  if live = 'rows' and array_length(ids, 1) <= max_messages then
    for n in 1 .. array_length(ids, 1) loop
      -- What is true now: other triggers may have come between the row and this message. Rows are
      -- found by their id alone: statistics could lead the planner to all rows of the owner.
      -- The JSON of a file is the same expression as in file_changes_since.
      select jsonb_build_object('operation', 'update', 'file', file.change)
      into message
      from {{absent}} cross join lateral (
        select {{file}} as change
        from {{table}} f
        where f.{{id}} = ids[n] and f.{{owner}} is not distinct from owners[n]
        limit 1
      ) file;
      if not found then
        select jsonb_build_object('operation', 'delete', 'file', jsonb_build_object(
          'id', d.id::text, 'revision', d.revision, 'changed_in', d.changed_in::text
        ))
        into message
        from (
          select d.id, d.revision, d.changed_in from public.file_deletions d
          where d.id = ids[n] and d.user_id is not distinct from owners[n] offset 0
        ) d
        order by d.revision desc limit 1;
      end if;
      -- Without a message the tombstone could not be written: a catch-up gets a new epoch.
      perform realtime.send(
        coalesce(message, jsonb_build_object('changed_in', pg_current_xact_id()::text)),
        case when message is null then 'ping' else 'change' end,
        'files:' || owners[n], true
      );
    end loop;
  else
    foreach listener in array audience loop
      perform realtime.send(
        jsonb_build_object('changed_in', pg_current_xact_id()::text),
        case when array_length(audience, 1) > max_pings then 'many' else 'ping' end,
        'files:' || listener, true
      );
    end loop;
  end if;
  return null;
exception when others then
  raise warning 'file-events: no live changes sent: %', sqlerrm;
  return null;
end;
$$;

revoke execute on function file_events.broadcast() from public, anon, authenticated;

-- Decides what live changes carry, unless it is decided (`update file_events.state set live = …` does).
-- Rows, if the policies for `authenticated` show owners all that is theirs, because then a message to
-- the owner tells nothing that a select would not. Otherwise pings. The three queries in the middle
-- are those of scripts/check_installation.sql.
update file_events.state set live = coalesce({{chosen_live}}, (
  {{live_choice}}
))
where singleton;

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
    after insert on {{table}} referencing new table as changed_files
    for each statement execute function file_events.broadcast();

  create or replace trigger file_events_send_on_update
    after update on {{table}} referencing old table as old_files new table as new_files
    for each statement execute function file_events.broadcast();

  create or replace trigger file_events_send_on_delete
    after delete on {{table}} referencing old table as changed_files
    for each statement execute function file_events.broadcast();

  create or replace trigger file_events_send_on_truncate
    after truncate on {{table}}
    for each statement execute function file_events.broadcast();
end;
$$;
