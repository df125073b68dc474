-- What file-events needs to stream {{table}} without losing a change: docs/database.md.
-- Additive to the table, and repeatable. Rendered by `file-events add`, which also changes it.
-- file-events schema: {{schema_version}}
-- file-events mapping: {{mapping}}

do $$
declare
  tracked constant regclass := to_regclass('{{table:text}}');
  problem text;
begin
  if tracked is null then
    raise exception 'file-events needs the table {{table:format}}: create it first';
  end if;
  -- A statement's triggers fire only for the table that it names. So what is written by the name of
  -- another table would not be tracked. (Of a partitioned table: docs/database.md.)
  select case
    when c.relkind = 'v' then 'it is a view: stream the table that it reads'
    when c.relkind = 'm' then 'it is a materialized view: stream the table that it reads'
    when c.relkind = 'f' then 'it is a foreign table: stream it in the database that has its rows'
    when c.relkind not in ('r', 'p') then 'it is not a table: stream one'
    when exists (
      select from pg_trigger t join pg_proc p on p.oid = t.tgfoid
      where p.pronamespace = to_regnamespace('file_events') and p.proname = 'stamp'
        and t.tgrelid <> tracked and t.tgparentid = 0
    ) then 'file-events streams another table here: apply its remove_file_events.sql first'
    when c.relispartition then format('it is a partition: stream the table that it is a part of, %s',
      (select i.inhparent::regclass from pg_inherits i where i.inhrelid = tracked))
    when exists (select from pg_inherits i where i.inhrelid = tracked)
      then 'it inherits from another table: take it out by "alter table … no inherit …"'
    when c.relkind = 'r' and exists (select from pg_inherits i where i.inhparent = tracked)
      then 'other tables inherit from it: take them out by "alter table … no inherit …"'
  end
  into problem from pg_class c where c.oid = tracked;
  if problem is not null then
    raise exception 'file-events cannot stream {{table:format}}: %', problem;
  end if;
  select string_agg(concat_ws(' ', needed.name, needed.type), ', ' order by needed.name)
  into problem
  from (
    values
      {{needed_columns}}
  ) as needed (name, type)
  where not exists (
    select from pg_attribute a
    where a.attrelid = tracked and a.attname = needed.name and not a.attisdropped
      and (needed.type is null or a.atttypid = needed.type::regtype
        or needed.type = 'text' and a.atttypid = 'varchar'::regtype)
  );
  if problem is not null then
    raise exception 'file-events cannot stream {{table:format}}, which lacks: % (add the columns, or convert those of another type)', problem;
  end if;
  -- Triggers and tombstones go by the id alone, and a key that is checked late would let a row take
  -- an id before the row that has it is deleted.
  select case
    when not a.attnotnull
      then 'its id may be null: "alter table {{table:text}} alter column {{id:text}} set not null"'
    when not exists (
      select from pg_index i
      where i.indrelid = tracked and i.indisunique and i.indimmediate and i.indisvalid
        and i.indpred is null and i.indnkeyatts = 1 and i.indkey[0] = a.attnum
    ) then 'its id is not unique by itself: add a primary key or a unique constraint of the column {{id_name:text}} '
      'alone that is not deferrable' || case when c.relkind = 'p'
        then ' (PostgreSQL allows it only on a table that is partitioned by {{id_name:text}})' else '' end
    when exists (
      select from pg_collation l where l.oid = a.attcollation and not l.collisdeterministic
    ) then 'the collation of its id takes different texts for the same: '
      '"alter table {{table:text}} alter column {{id:text}} type text collate "C""'
  end
  into problem from pg_attribute a join pg_class c on c.oid = a.attrelid
  where a.attrelid = tracked and a.attname = '{{id_name:text}}';
  if problem is not null then
    raise exception 'file-events cannot stream {{table:format}}: %', problem;
  end if;
  -- A BEFORE trigger doesn't see the value that such a column will have.
  select string_agg(a.attname, ', ' order by a.attname) into problem
  from pg_attribute a
  where a.attrelid = tracked and a.attgenerated <> '' and a.attname in (
    {{tracked_names}}
  );
  if problem is not null then
    raise exception 'file-events cannot stream {{table:format}}, which generates: %', problem
      using hint = 'Make them plain columns that your writers or a BEFORE trigger fill. '
        'A stored one becomes plain by: alter table {{table:text}} alter column … drop expression.';
  end if;
  if exists (
    select from pg_attribute a
    where a.attrelid = tracked and not a.attisdropped
      and (a.attname = '{{revision_name:text}}' and a.atttypid <> 'bigint'::regtype
        or a.attname = '{{changed_in_name:text}}' and a.atttypid <> 'xid8'::regtype)
  ) then
    raise exception 'file-events needs the column names {{revision_name:format}} (bigint) and {{changed_in_name:format}} (xid8) on {{table:format}} for itself';
  end if;
end;
$$;

do $$
declare
  outdated regprocedure;
begin
  if exists (
    select from pg_class c where c.oid = to_regclass('public.file_deletions') and not exists (
      select from pg_attribute a
      where a.attrelid = c.oid and a.attname = 'changed_in' and a.atttypid = 'xid8'::regtype
    )
  ) then
    raise exception 'file-events needs the name public.file_deletions for itself: rename your table';
  end if;
  -- The id had another type when this was applied before: no cursor of that time is usable.
  if exists (
    select from pg_proc where oid = to_regprocedure('file_events.to_ids(text[])')
      and prorettype <> '{{id_type}}[]'::regtype
  ) then
    drop table if exists public.file_deletions;
    for outdated in
      select oid from pg_proc where pronamespace = to_regnamespace('file_events')
        and proname in ('to_ids', 'stamp_again', 'own_changes')
    loop
      execute 'drop function ' || outdated;
    end loop;
  end if;
end;
$$;

-- Not among the schemas that the API exposes: clients reach nothing in it by name.
create schema if not exists file_events;
revoke all on schema file_events from public;
grant usage on schema file_events to authenticated;

-- One sequence for files and tombstones: it orders all states of one file.
create sequence if not exists file_events.revisions;
revoke all on sequence file_events.revisions from public, anon, authenticated;
grant select on sequence file_events.revisions to authenticated;

-- The volatile default fills the existing rows in the one rewrite that adds the columns. The
-- constant ones that stay behind are never seen: they keep both columns optional for clients
-- that insert, and the trigger sets the values.
alter table {{table}}
  add column if not exists {{revision}} bigint not null default nextval('file_events.revisions'),
  add column if not exists {{changed_in}} xid8 not null default pg_current_xact_id();
alter table {{table}}
  alter column {{revision}} set default 0,
  alter column {{changed_in}} set default '0';

-- For tables whose clients are granted columns one by one. file_changes_since has its caller's rights.
grant select ({{revision}}, {{changed_in}}) on {{table}} to authenticated;

create index if not exists {{index}}
  on {{table}} ({{owner}}, {{changed_in}}, {{revision}});

-- Tombstones. No foreign key: they outlive the file and its owner. One without an id says that all
-- that its user has is void (resync).
create table if not exists public.file_deletions (
  revision bigint primary key,
  id {{id_type}},
  user_id uuid not null,
  changed_in xid8 not null,
  deleted_at timestamptz not null default now()
);

alter table public.file_deletions alter column id drop not null;

-- With another collation no index would find the tombstones of an id.
do $$
declare
  needed text := (
    select format('%I.%I', n.nspname, c.collname)
    from pg_attribute a
    join pg_attribute d on d.attrelid = 'public.file_deletions'::regclass and d.attname = 'id'
      and d.attcollation <> a.attcollation
    join pg_collation c on c.oid = a.attcollation
    join pg_namespace n on n.oid = c.collnamespace
    where a.attrelid = '{{table:text}}'::regclass and a.attname = '{{id_name:text}}'
  );
begin
  if needed is not null then
    execute format(
      'alter table public.file_deletions alter column id type {{id_type}} collate %s', needed);
  end if;
end;
$$;

create index if not exists file_deletions_user_id_changed_in_revision_idx
  on public.file_deletions (user_id, changed_in, revision);
create index if not exists file_deletions_id_revision_idx
  on public.file_deletions (id, revision);
create index if not exists file_deletions_void_idx
  on public.file_deletions (user_id, changed_in) where id is null;

alter table public.file_deletions enable row level security;
drop policy if exists "Owners read their deletions" on public.file_deletions;
create policy "Owners read their deletions" on public.file_deletions
  for select to authenticated
  using (user_id = (select auth.uid()));
revoke all on public.file_deletions from public, anon, authenticated;
grant select on public.file_deletions to authenticated;
grant all on public.file_deletions to service_role;

-- Sets the sequence above all revisions that are there. Only writers of {{table}} draw from it.
-- The lock keeps them away, because what they drew between the reading and the setting of
-- last_value would be drawn again.
create or replace function file_events.raise_sequence() returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  lock table {{table}} in share row exclusive mode;
  perform setval('file_events.revisions', greatest(
    (select last_value from file_events.revisions),
    (select max(f.{{revision}}) from {{table}} f),
    (select max(d.revision) from public.file_deletions d)
  ));
end;
$$;

-- A table that was restored without this schema brings revisions that the sequence hasn't drawn.
select file_events.raise_sequence();

-- One row. `epoch`: cursors of another epoch are not usable. `pruned_below`: tombstones below it
-- may be gone. `recorded_xmin`, taken at `recorded_at`, is what `pruned_below` becomes a day later.
create table if not exists file_events.state (
  singleton boolean primary key default true check (singleton),
  epoch uuid not null default gen_random_uuid(),
  pruned_below xid8 not null default '0',
  recorded_xmin xid8 not null default pg_snapshot_xmin(pg_current_snapshot()),
  recorded_at timestamptz not null default clock_timestamp(),
  next_prune_at timestamptz not null default clock_timestamp()
);
-- A dump of data brings its row to a database that has one. That one stays, or the load would fail.
-- A load turns triggers off, unless they are always enabled.
create or replace function file_events.keep_state() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  if exists (select from file_events.state) then
    return null;
  end if;
  return new;
end;
$$;
create or replace trigger keep_state
  before insert on file_events.state
  for each row execute function file_events.keep_state();
alter table file_events.state enable always trigger keep_state;
insert into file_events.state default values;

-- `schema_version`: of the migration that was applied last. `live`: whether live changes carry rows,
-- or only say that there are some, and a catch-up, which obeys every policy, brings them. The
-- migration of the broadcast decides, unless somebody has: docs/database.md.
alter table file_events.state
  add column if not exists schema_version integer,
  add column if not exists live text check (live in ('rows', 'pings'));
update file_events.state set schema_version = {{schema_version}} where singleton;
revoke all on file_events.state from public, anon, authenticated;
grant select (epoch, pruned_below, schema_version, live) on file_events.state to authenticated;

-- What the triggers of {{table}} keep to:
-- - They never fail a write that would succeed without them, even after the table has changed. Only
--   errors that ask for the transaction to be repeated (deadlock, serialization failure) get through.
-- - A block with an exception handler takes a transaction id if it writes. So such a block is
--   entered once a statement, never once a row.
-- - No plan depends on statistics, or on how large a table was when the session first planned the
--   query: LATERAL with OFFSET 0 says what is looked up for what, rows are found by their id
--   alone, and sequential scans are off. So is the compiler (JIT), which a wrong estimate would start
--   for each row.
-- - Every UPDATE and DELETE has a WHERE: PostgREST's sessions on Supabase load safeupdate, which
--   refuses others, in triggers too.
-- - Temporary objects last in the search path: with an empty one a temporary type could take a
--   built-in one's name, and its checks would run with the rights of the function's owner.
-- - #variable_conflict: a column of {{table}} may have the name of a variable.

-- Says each kind of problem once a transaction. Returns whether it did. LOG goes to the server's log
-- and not to the writer, who can't do anything about it.
create or replace function file_events.warn(kind text, problem text) returns boolean
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  warned constant text := 'file_events.' || replace(kind, ' ', '_');
begin
  if current_setting(warned, true) = 'yes' then
    return false;
  end if;
  perform set_config(warned, 'yes', true);
  raise log 'file-events: %: %', kind, problem;
  return true;
end;
$$;

-- Makes reads_same(), which says whether two states of a row are the same to the policies that decide
-- what `authenticated` reads: such a column counts as streamed, so that a row is sent when they begin
-- to show it, and taken back when they begin to hide it. Returns the columns. Call it when you have
-- changed the policies. Left out are the columns that stamp() compares anyway, and generated ones,
-- whose values a BEFORE trigger doesn't see.
-- The rows arrive as records: a function of the table's type would keep the table from being dropped.
create or replace function file_events.adopt_policies() returns text[]
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  read text[] := array(
    select distinct a.attname::text from pg_policy p
    join pg_depend d on d.classid = 'pg_policy'::regclass and d.objid = p.oid
      and d.refclassid = 'pg_class'::regclass and d.refobjid = p.polrelid
    -- A policy that reads the row as a whole, `visible(files)`, depends on no column of its own.
    join pg_attribute a on a.attrelid = p.polrelid and not a.attisdropped
      and (a.attnum = d.refobjsubid or p.polqual::text like '%:varattno 0 %')
    where p.polrelid = '{{table:text}}'::regclass and p.polcmd in ('r', '*')
      and a.attnum > 0 and a.attgenerated = '' and a.attname not in (
        {{tracked_names}}
      )
      and exists (
        select from unnest(p.polroles) role
        where role = 0 or pg_has_role('authenticated', role, 'usage')
      )
    order by 1
  );
begin
  execute format(
    'create or replace function file_events.reads_same(new_row record, old_row record)
    returns boolean language plpgsql set search_path = pg_catalog, pg_temp as %L',
    format('begin return row(%s)::record *= row(%s)::record; end;',
      (select string_agg(format('new_row.%I', name), ', ' order by name) from unnest(read) name),
      (select string_agg(format('old_row.%I', name), ', ' order by name) from unnest(read) name))
  );
  return read;
end;
$$;

select file_events.adopt_policies();

-- Sets revision and changed_in, whatever the client sent: new ones where a streamed column or one that
-- a policy reads changes, the old ones otherwise. `set revision = null` asks for new ones.
create or replace function file_events.stamp() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  -- After the table has changed, a column that is named here may be gone or, in sessions that were
  -- open, of another type. Then every update counts as a change.
  if tg_op = 'UPDATE' then
    begin
      if (new.{{id}}, new.{{owner}}) is distinct from (old.{{id}}, old.{{owner}}) then
        perform set_config('file_events.moved', 'yes', true);
      -- *= compares bytes. So it works for types without an equality (json), and it sees what an
      -- equality may not: another case, another scale.
      elsif new.{{revision}} is not null and
        row(
          {{new_streamed}}
        )::record *=
        row(
          {{old_streamed}}
        )::record
      then
        if file_events.reads_same(new, old) then
          new.{{revision}} := old.{{revision}};
          new.{{changed_in}} := old.{{changed_in}};
          return new;
        end if;
      end if;
    exception when others then
      perform set_config('file_events.moved', 'yes', true);
      perform file_events.warn('cannot compare rows', sqlerrm);
    end;
  end if;
  begin
    new.{{changed_in}} := pg_current_xact_id();
    new.{{revision}} := nextval('file_events.revisions');
  exception when others then
    perform file_events.warn('cannot stamp rows', sqlerrm);
  end;
  return new;
end;
$$;

-- Gives rows of the current statement a new revision. The statement's own broadcast tells of them,
-- so the broadcast of this update stays silent. That one fires one level deeper than the caller.
create or replace function file_events.stamp_again(ids {{id_type}}[], lowest_revision bigint)
returns void
language plpgsql
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
#variable_conflict use_variable
begin
  perform set_config('file_events.silent_at', (pg_trigger_depth() + 1)::text, true);
  update {{table}} f set {{revision}} = null
  where f.{{id}} = any (ids) and f.{{revision}} >= lowest_revision;
  perform set_config('file_events.silent_at', '', true);
end;
$$;

-- What a trigger could not note, only a fresh snapshot for everybody makes up for.
create or replace function file_events.renew_after(problem text) returns void
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
begin
  if file_events.warn('cannot track changes', problem) then
    update file_events.state set epoch = gen_random_uuid() where singleton;
  end if;
exception
  when transaction_rollback then raise;
  when others then perform file_events.warn('cannot renew the epoch', sqlerrm);
end;
$$;

-- A row that takes an id draws its revision before it waits for an uncommitted delete of that id,
-- whose tombstone is then the newer one: the row draws again. In REPEATABLE READ and SERIALIZABLE
-- that tombstone can't be seen, so there all such rows draw again. There the deleted row can still
-- be seen, and touching it would fail: its revision is below all that the transaction has drawn.
create or replace function file_events.outrank_tombstones() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
#variable_conflict use_variable
declare
  ids {{id_type}}[];
begin
  if current_setting('transaction_isolation') = 'read committed' then
    ids := array(
      select n.{{id}} from new_files n cross join lateral (
        -- A tombstone that another owner of the file has got is not in the way.
        select d.revision from public.file_deletions d
        where d.id = n.{{id}} and d.user_id is not distinct from n.{{owner}} offset 0
      ) tombstone
      where tombstone.revision > n.{{revision}}
    );
  elsif tg_op = 'INSERT' then
    ids := array(select n.{{id}} from new_files n);
  else
    ids := array(select n.{{id}} from new_files n except select o.{{id}} from old_files o);
  end if;
  if ids <> '{}' then
    perform file_events.stamp_again(ids, min(n.{{revision}}))
    from new_files n where n.{{changed_in}} = pg_current_xact_id();
  end if;
  return null;
exception
  when transaction_rollback then raise;
  when others then
    perform file_events.renew_after(sqlerrm);
    return null;
end;
$$;

-- A file that is deleted, or leaves its owner or its id, leaves a tombstone for who had it.
create or replace function file_events.leave_tombstones() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
#variable_conflict use_variable
declare
  ids {{id_type}}[];
begin
  if tg_op = 'DELETE' then
    insert into public.file_deletions (revision, id, user_id, changed_in)
    select nextval('file_events.revisions'), o.{{id}}, o.{{owner}}, pg_current_xact_id()
    from old_files o where o.{{owner}} is not null;
  else
    insert into public.file_deletions (revision, id, user_id, changed_in)
    select nextval('file_events.revisions'), gone.id, gone.user_id, pg_current_xact_id()
    from (
      select o.{{id}}, o.{{owner}} from old_files o where o.{{owner}} is not null
      except
      select n.{{id}}, n.{{owner}} from new_files n
    ) gone (id, user_id);
  end if;
  -- The same statement or transaction may have put a new row there first (a deferrable key).
  ids := array(
    select f.{{id}} from old_files o cross join lateral (
      select f.{{id}}, f.{{revision}} from {{table}} f
      where f.{{id}} = o.{{id}} and f.{{owner}} is not distinct from o.{{owner}} offset 0
    ) f cross join lateral (
      select d.revision from public.file_deletions d where d.id = f.{{id}} offset 0
    ) tombstone
    where tombstone.revision > f.{{revision}}
  );
  if ids <> '{}' then
    perform file_events.stamp_again(ids, 0);
  end if;
  return null;
exception
  when transaction_rollback then raise;
  when others then
    perform file_events.renew_after(sqlerrm);
    return null;
end;
$$;

-- TRUNCATE also removes rows that a REPEATABLE READ transaction can't see. There only a new epoch,
-- and so a fresh snapshot for everybody, is right.
create or replace function file_events.leave_tombstones_of_all() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  insert into public.file_deletions (revision, id, user_id, changed_in)
  select nextval('file_events.revisions'), f.{{id}}, f.{{owner}}, pg_current_xact_id()
  from {{table}} f where f.{{owner}} is not null;
  if current_setting('transaction_isolation') <> 'read committed' then
    update file_events.state set epoch = gen_random_uuid() where singleton;
  end if;
  return null;
exception
  when transaction_rollback then raise;
  when others then
    perform file_events.renew_after(sqlerrm);
    return null;
end;
$$;

-- Removes tombstones that no cursor of the last day needs, in bounded steps: at most 5,000, at
-- most once an hour (a minute while there are more), one session at a time. It goes by
-- transaction id, never by time: a row stamped long ago may have been committed just now.
-- Returns how many went.
create or replace function file_events.prune() returns integer
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
declare
  step constant integer := 5000;
  state file_events.state;
  pruned integer;
begin
  -- Elsewhere the lock below could fail the caller's own transaction.
  if current_setting('transaction_isolation') <> 'read committed' then
    return 0;
  end if;
  select * into state from file_events.state s
  where s.singleton and s.next_prune_at <= clock_timestamp() for update skip locked;
  if not found then
    return 0;
  end if;
  if state.recorded_at <= clock_timestamp() - interval '1 day' then
    state.pruned_below := state.recorded_xmin;
    state.recorded_xmin := pg_snapshot_xmin(pg_current_snapshot());
    state.recorded_at := clock_timestamp();
  end if;
  -- A revision is drawn after the transaction id, so the oldest revisions come first to be
  -- prunable, and one that isn't yet will be within a day of its commit: no index on changed_in.
  delete from public.file_deletions d
  where d.changed_in < state.pruned_below and d.revision <= (
    select max(oldest.revision)
    from (select d.revision from public.file_deletions d order by d.revision limit step) oldest
  );
  get diagnostics pruned = row_count;
  update file_events.state s set
    pruned_below = state.pruned_below,
    recorded_xmin = state.recorded_xmin,
    recorded_at = state.recorded_at,
    next_prune_at = clock_timestamp()
      + case when pruned = step then interval '1 minute' else interval '1 hour' end
  where s.singleton;
  return pruned;
end;
$$;

create or replace function file_events.prune_when_due() returns trigger
language plpgsql security definer
set search_path = pg_catalog, pg_temp
as $$
begin
  perform file_events.prune();
  return null;
exception when others then
  perform file_events.warn('cannot prune', sqlerrm);
  return null;
end;
$$;

-- After a restore transaction ids start over, and old cursors would skip changes: makes every
-- cursor unusable and every row readable by the new ones. Returns the new epoch.
create or replace function file_events.renew_epoch() returns uuid
language plpgsql
set search_path = pg_catalog, pg_temp
as $$
declare
  renewed uuid;
begin
  lock table {{table}} in share row exclusive mode;
  delete from public.file_deletions where true;
  perform file_events.raise_sequence();
  -- Zero: loaded with triggers off.
  update {{table}} f set {{revision}} = null
  where f.{{changed_in}} > pg_current_xact_id() or f.{{revision}} = 0;
  update file_events.state set
    epoch = gen_random_uuid(),
    pruned_below = '0',
    recorded_xmin = pg_snapshot_xmin(pg_current_snapshot()),
    recorded_at = clock_timestamp()
  where singleton
  returning epoch into renewed;
  return renewed;
end;
$$;

-- Makes every cursor of a user unusable, and tells their streams to catch up: for a right that lies in
-- another table. Called by triggers of that table, so it never fails a write. Once a transaction is
-- enough, because a cursor covers a transaction as a whole.
create or replace function file_events.resync(user_id uuid) returns void
language plpgsql security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set jit = off
as $$
#variable_conflict use_variable
begin
  if user_id is null or exists (
    select from public.file_deletions d
    where d.user_id = user_id and d.id is null and d.changed_in = pg_current_xact_id_if_assigned()
  ) then
    return;
  end if;
  insert into public.file_deletions (revision, id, user_id, changed_in)
  values (nextval('file_events.revisions'), null, user_id, pg_current_xact_id());
  begin
    if to_regprocedure('realtime.send(jsonb, text, text, boolean)') is not null then
      perform realtime.send(jsonb_build_object('changed_in', pg_current_xact_id()::text), 'ping',
        'files:' || user_id, true);
    end if;
  exception
    when transaction_rollback then raise;
    when others then raise warning 'file-events: no live changes sent: %', sqlerrm;
  end;
exception
  when transaction_rollback then raise;
  when others then perform file_events.renew_after(sqlerrm);
end;
$$;

-- The ids among these texts, in order, each once. What the type can't have is not there: it is looked
-- at before it is cast, so that no text fails the query.
create or replace function file_events.to_ids(texts text[]) returns {{id_type}}[]
language sql immutable
set search_path = pg_catalog, pg_temp
as $$
  select coalesce(array_agg(distinct given.id order by given.id), '{}')
  from (
    select {{to_id}} as id
    from unnest(texts) t
  ) given
  where given.id is not null
$$;

-- A value of any type as JSON, and not more than about 4 kB: a text is cut, what else is longer is null.
-- So is what jsonb can't hold (`\u0000` in a json): one row must not fail the page of all.
-- Neither has a search path of its own, because then the second could not be inlined: their callers do.
drop function if exists file_events.cut(jsonb);
create or replace function file_events.try_cut(value anyelement) returns jsonb
language plpgsql stable
as $$
declare
  json jsonb;
begin
  -- What is long is not read as a whole: a page of 500 documents of 1 MB would take too long.
  if pg_typeof(value) in ('text', 'varchar') then
    return to_jsonb(left(value::text, 4096));
  end if;
  if pg_typeof(value) in ('json', 'jsonb') and pg_column_size(value) > 65536 then
    return null;
  end if;
  json := to_jsonb(value);
  if jsonb_typeof(json) = 'string' then
    return to_jsonb(left(json #>> '{}', 4096));
  end if;
  return case when octet_length(json::text) <= 4096 then json end;
exception when others then
  return null;
end;
$$;
create or replace function file_events.cut(value anyelement) returns jsonb
language sql stable
as $$
  select case
    when pg_typeof(value) in (
      'bigint', 'integer', 'smallint', 'real', 'double precision', 'boolean', 'uuid', 'date',
      'timestamp', 'timestamptz'
    ) then to_jsonb(value)
    else file_events.try_cut(value)
  end
$$;

-- The caller's files that changed since a position, whether policies show them or not: what
-- file_changes_since doesn't see of them has been hidden. `late` are transactions that are asked for
-- one by one, as there. In the order of the index, and `max_rows` at most of the range and of each.
create or replace function file_events.own_changes(
  low_xid xid8, low_revision bigint, upper xid8, late xid8[], after_xid xid8, after_revision bigint,
  ids {{id_type}}[], max_rows integer
) returns table (changed_in xid8, revision bigint, id {{id_type}})
language plpgsql stable security definer
set search_path = pg_catalog, pg_temp
set plan_cache_mode = force_custom_plan
set enable_bitmapscan = off
set jit = off
as $$
#variable_conflict use_variable
declare
  caller constant uuid := auth.uid();
begin
  return query (
    select f.{{changed_in}}, f.{{revision}}, f.{{id}}::{{id_type}} from {{table}} f
    where f.{{owner}} = caller
      and (f.{{changed_in}}, f.{{revision}}) > (low_xid, low_revision)
      and f.{{changed_in}} < upper
      and (ids is null or f.{{id}} = any (ids))
    order by f.{{changed_in}}, f.{{revision}}
    limit max_rows
  ) union all (
    select l.changed_in, l.revision, l.id from unnest(late) as late_xid cross join lateral (
      select f.{{changed_in}}, f.{{revision}}, f.{{id}}::{{id_type}} from {{table}} f
      where f.{{owner}} = caller
        and f.{{changed_in}} = late_xid
        and (f.{{changed_in}}, f.{{revision}}) > (after_xid, after_revision)
        and (ids is null or f.{{id}} = any (ids))
      order by f.{{revision}}
      limit max_rows
    ) l (changed_in, revision, id)
  );
end;
$$;

revoke execute on all functions in schema file_events from public, anon, authenticated;
-- What the query of its caller needs. The API doesn't expose the schema.
grant execute on function file_events.cut(anyelement), file_events.try_cut(anyelement) to public;
grant execute on function
  file_events.to_ids(text[]),
  file_events.own_changes(xid8, bigint, xid8, xid8[], xid8, bigint, {{id_type}}[], integer)
  to authenticated;

-- Triggers fire in the order of their names: the stamp must see what all others made of the row, and
-- the broadcast (file_events_send_…) what these here have written.
create or replace trigger zz_file_events_stamp
  before insert or update on {{table}}
  for each row execute function file_events.stamp();

create or replace trigger file_events_outrank_tombstones_on_insert
  after insert on {{table}} referencing new table as new_files
  for each statement execute function file_events.outrank_tombstones();

-- On updates only where the stamp has seen a row of this transaction leave its owner or its id.
create or replace trigger file_events_outrank_tombstones_on_update
  after update on {{table}} referencing old table as old_files new table as new_files
  for each statement when (current_setting('file_events.moved', true) = 'yes')
  execute function file_events.outrank_tombstones();

create or replace trigger file_events_leave_tombstones_on_update
  after update on {{table}} referencing old table as old_files new table as new_files
  for each statement when (current_setting('file_events.moved', true) = 'yes')
  execute function file_events.leave_tombstones();

create or replace trigger file_events_leave_tombstones_on_delete
  after delete on {{table}} referencing old table as old_files
  for each statement execute function file_events.leave_tombstones();

create or replace trigger file_events_leave_tombstones_on_truncate
  before truncate on {{table}}
  for each statement execute function file_events.leave_tombstones_of_all();

create or replace trigger file_events_prune
  after delete on {{table}}
  for each statement execute function file_events.prune_when_due();

-- Two of one name would make each call ambiguous.
drop function if exists public.file_changes_since(text, uuid[], boolean);

-- The caller's files and deletions that changed since a cursor, one page of them:
--   version    of the schema
--   cursor     pass it back as `since` for what follows
--   covers     [bound, running…]: once `more` is false, the changes of all transactions below
--              `bound` but the `running` ones have been returned. The same on all pages of a run
--   revision   no revision above it had been drawn
--   reset      `since` was null or is not usable: a full snapshot starts here
--   more       call again with `cursor` for the next page of the run
--   current    `more` is false, and no file has changed or gone since the run began: nothing is
--              missing.
--              (What more than 16 running transactions changed is not looked for.)
--   files, deletions (with pings, also of files that policies no longer show)
-- STABLE matters: rows and transaction ids are then read from one and the same snapshot.
create or replace function public.file_changes_since(
  since text default null,
  file_ids text[] default null,
  snapshot boolean default true
) returns jsonb
language plpgsql stable security invoker
set search_path = ''
-- A generic plan would not know whether `file_ids` or the cursor narrows the search.
set plan_cache_mode = force_custom_plan
-- A bitmap has no order: each page would sort all that one transaction has changed.
set enable_bitmapscan = off
-- Whatever the session has set, the JSON of a row is that of the broadcast.
{{json_settings}}
as $$
-- A column of {{table}} may have the name of a variable.
#variable_conflict use_variable
declare
  schema_version constant integer := {{schema_version}};
  mapping constant text := '{{mapping_hash}}';
  max_rows constant integer := 500;
  max_bytes constant integer := 1048576;
  -- A client may name 100. The function sends some of them in two spellings.
  max_file_ids constant integer := 200;
  max_running constant integer := 16;
  now_visible constant pg_catalog.pg_snapshot := pg_current_snapshot();
  snapshot_min constant xid8 := pg_snapshot_xmin(now_visible);
  snapshot_max constant xid8 := pg_snapshot_xmax(now_visible);
  caller constant uuid := auth.uid();
  ids {{id_type}}[];
  key text;
  live text;
  pruned_below xid8;
  -- Of the moment, not of the snapshot: what the snapshot shows has lower ones or this one.
  last_revision bigint;
  part text[];
  covered xid8[];
  full_snapshot boolean := true;
  reset boolean := true;
  -- What this run covers.
  bound xid8 := snapshot_max;
  running xid8[];
  -- What was covered before this run: it returns all else below `upper`.
  since_bound xid8 := '0';
  since_running xid8[] := '{}';
  upper xid8 := snapshot_max;
  -- The position behind which the page begins, and the same for what lies above `since_bound`.
  after_xid xid8 := '0';
  after_revision bigint := -1;
  low_xid xid8;
  low_revision bigint;
  files jsonb;
  deletions jsonb;
  more boolean;
  current boolean;
begin
  if cardinality(file_ids) > max_file_ids then
    raise exception 'file_ids has % elements, at most % are allowed',
      cardinality(file_ids), max_file_ids using errcode = 'invalid_parameter_value';
  end if;
  if file_ids is not null then
    ids := file_events.to_ids(file_ids);
  end if;

  -- What a cursor is bound to. `live`, because with rows nothing says what policies have begun to
  -- hide. `snapshot`, because without one a cursor doesn't cover what was
  -- there before. The claims of the token, because other rights may show other rows; but not those
  -- that only say when and how it was issued.
  select s.pruned_below, s.live, left(encode(sha256(convert_to(jsonb_build_array(
    schema_version, mapping, s.epoch, s.live, caller, snapshot, ids,
    auth.jwt() - array['exp', 'iat', 'nbf', 'jti', 'session_id', 'amr']
  )::text, 'UTF8')), 'hex'), 32)
  into strict pruned_below, live, key from file_events.state s;

  select r.last_value into strict last_revision from file_events.revisions r;

  -- After a restore transaction ids start over. Rows that were stamped before it would be left out.
  if exists (
    select from {{table}} f
    where f.{{owner}} = caller and f.{{changed_in}} >= snapshot_max
      and f.{{changed_in}} is distinct from pg_current_xact_id_if_assigned()
  ) then
    raise exception
      '{{table:format}} has changes from the future, as after a restore: run select file_events.renew_epoch()'
      using errcode = 'object_not_in_prerequisite_state';
  end if;

  -- The snapshot doesn't list the caller's own transaction among those that run.
  running := array(
    select t.id from (
      select pg_snapshot_xip(now_visible) as id union select pg_current_xact_id_if_assigned()
    ) as t
    where t.id < snapshot_max order by t.id
  );
  if coalesce(running[1], snapshot_max) > snapshot_min then
    -- A standby lists none. Any transaction from there on may still be running.
    bound := snapshot_min;
    running := '{}';
  elsif cardinality(running) > max_running then
    bound := running[max_running + 1];
    running := running[:max_running];
  end if;

  -- <key>.<covers>, and in an unfinished run .s (snapshot) or .c (changes) .<upper>, the position
  -- .<changed_in>.<revision>, and .<covers> of what was covered before, until the position is above
  -- its bound. The form is checked before any cast: 'abc'::xid8 is 0, not an error; 18 digits fit
  -- both types.
  if octet_length(since) <= 1024 then
    part := regexp_match(since, replace(replace(
      '^' || key || '\.(<covers>)(?:\.([sc])\.(<id>)\.(<id>)\.(<id>)(?:\.(<covers>))?)?$',
      '<covers>', '<id>(?:-<id>){0,' || max_running || '}'
    ), '<id>', '[0-9]{1,18}'));
  end if;
  if part is not null then
    covered := string_to_array(part[1], '-')::xid8[];
    reset := covered[1] > snapshot_max
      or coalesce(covered[2], covered[1]) < pruned_below
      or part[2] is not null and part[3]::xid8 > snapshot_max
      or part[2] is not distinct from 'c' and part[4]::xid8 < pruned_below
      -- What the cursor doesn't cover has made void what the caller has.
      or exists (
        select from public.file_deletions d
        where d.user_id = caller and d.id is null
          and d.changed_in >= least(covered[1], covered[2])
          and (d.changed_in >= covered[1] or d.changed_in = any (covered[2:]))
      );
  end if;
  if not reset then
    full_snapshot := part[2] is not distinct from 's';
    if part[2] is null then
      since_bound := covered[1];
      since_running := covered[2:];
    else
      bound := covered[1];
      running := covered[2:];
      upper := part[3]::xid8;
      after_xid := part[4]::xid8;
      after_revision := part[5]::bigint;
      if part[6] is not null then
        covered := string_to_array(part[6], '-')::xid8[];
        since_bound := covered[1];
        since_running := covered[2:];
      end if;
    end if;
  end if;
  if reset and not snapshot then
    upper := '0'; -- Nothing changed below it: the page is empty.
  end if;
  if after_xid < since_bound then
    low_xid := since_bound;
    low_revision := -1;
  else
    low_xid := after_xid;
    low_revision := after_revision;
  end if;

  -- Two branches a table, each in the order of the index: the transactions that were running
  -- before, one by one, and all from `since_bound` on. One range from the lowest of them on would
  -- read again, at each call, all that changed while one transaction stays open.
  -- The JSON of a file is the same expression as in file_events.broadcast(). A `created_at` in it is the
  -- table's column or, if there is none, that of `absent`.
  with changed (changed_in, revision, change, deleted) as (
    (
      select f.* from {{absent}} cross join lateral (
        select f.{{changed_in}}, f.{{revision}}, {{file}}, false
        from {{table}} f
        where f.{{owner}} = caller
          and (f.{{changed_in}}, f.{{revision}}) > (low_xid, low_revision)
          and f.{{changed_in}} < upper
          and (ids is null or f.{{id}} = any (ids))
        order by f.{{changed_in}}, f.{{revision}}
        limit max_rows + 1
      ) f
    )
    union all
    (
      select f.* from {{absent}}
      cross join unnest(since_running) as late (id)
      cross join lateral (
        select f.{{changed_in}}, f.{{revision}}, {{file}}, false
        from {{table}} f
        where f.{{owner}} = caller
          and f.{{changed_in}} = late.id
          and (f.{{changed_in}}, f.{{revision}}) > (after_xid, after_revision)
          and (ids is null or f.{{id}} = any (ids))
        order by f.{{revision}}
        limit max_rows + 1
      ) f
    )
    union all
    (
      select d.changed_in, d.revision, jsonb_build_object(
        'id', d.id::text, 'revision', d.revision, 'changed_in', d.changed_in::text
      ), true
      from public.file_deletions d
      where not full_snapshot
        and d.user_id = caller
        and (d.changed_in, d.revision) > (low_xid, low_revision)
        and d.changed_in < upper
        and (ids is null or d.id = any (ids))
        and not exists (
          select from {{table}} f where f.{{id}} = d.id and f.{{owner}} = caller
        )
      order by d.changed_in, d.revision
      limit max_rows + 1
    )
    union all
    (
      select d.changed_in, d.revision, jsonb_build_object(
        'id', d.id::text, 'revision', d.revision, 'changed_in', d.changed_in::text
      ), true
      from unnest(since_running) as late (id) cross join lateral (
        select d.changed_in, d.revision, d.id
        from public.file_deletions d
        where d.user_id = caller
          and d.changed_in = late.id
          and (d.changed_in, d.revision) > (after_xid, after_revision)
          and (ids is null or d.id = any (ids))
          and not exists (
            select from {{table}} f where f.{{id}} = d.id and f.{{owner}} = caller
          )
        order by d.revision
        limit max_rows + 1
      ) d
    )
    union all
    (
      -- Of these, max_rows + 1 suffice before the visible ones are taken out: each is here or above, so
      -- the page ends before it could miss a later one. OFFSET makes PostgreSQL look each one up.
      select h.changed_in, h.revision, jsonb_build_object(
        'id', h.id::text, 'revision', h.revision, 'changed_in', h.changed_in::text
      ), true
      from file_events.own_changes(
        low_xid, low_revision, upper, since_running, after_xid, after_revision, ids, max_rows + 1
      ) h
      where live = 'pings' and not full_snapshot
        and not exists (
          select from {{table}} f where f.{{id}} = h.id and f.{{owner}} = caller offset 0
        )
    )
  ), numbered as (
    select d.*,
      row_number() over in_order as number,
      sum(octet_length(d.change::text)) over in_order as bytes,
      count(*) over () as found
    from changed d
    window in_order as (order by d.changed_in, d.revision rows unbounded preceding)
  )
  select
    coalesce(jsonb_agg(p.change order by p.number) filter (where not p.deleted), '[]'),
    coalesce(jsonb_agg(p.change order by p.number) filter (where p.deleted), '[]'),
    coalesce(max(p.found) > count(*), false),
    (array_agg(p.changed_in order by p.number desc))[1],
    (array_agg(p.revision order by p.number desc))[1]
  into files, deletions, more, after_xid, after_revision
  from numbered p
  where p.number = 1 or (p.number <= max_rows and p.bytes <= max_bytes);

  -- A run of several pages misses the files that change while it is read, even if they were there
  -- before.
  current := not more and (reset or part[2] is null or not exists (
    select from {{table}} f
    where f.{{owner}} = caller and (f.{{changed_in}} >= upper or f.{{changed_in}} = any (running))
      and (ids is null or f.{{id}} = any (ids))
    union all
    select from public.file_deletions d
    where d.user_id = caller and (d.changed_in >= upper or d.changed_in = any (running))
      and (ids is null or d.id = any (ids))
    union all
    select from file_events.own_changes(
      upper, -1, '9223372036854775807', running, '0', -1, ids, 1
    ) where live = 'pings'
  ));

  return jsonb_build_object(
    'version', schema_version,
    'cursor', concat_ws('.', key, array_to_string(bound || running, '-'), case when more then
      concat_ws('.', case when full_snapshot then 's' else 'c' end, upper, after_xid,
        after_revision, case when after_xid < since_bound then
          array_to_string(since_bound || since_running, '-')
        end)
      end),
    'covers', to_jsonb((bound || running)::text[]),
    'revision', last_revision,
    'reset', reset,
    'more', more,
    'current', current,
    'files', files,
    'deletions', deletions
  );
end;
$$;

revoke execute on function public.file_changes_since(text, text[], boolean)
  from public, anon, service_role;
grant execute on function public.file_changes_since(text, text[], boolean) to authenticated;
