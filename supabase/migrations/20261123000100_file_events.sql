-- What file-events needs to stream `public.files` without losing a change: docs/database.md.
-- Additive to an existing `files` table, and repeatable.

do $$
declare
  missing text;
begin
  if to_regclass('public.files') is null then
    raise exception 'file-events needs a table public.files: apply 20261123000000_files.sql first';
  end if;
  select string_agg(concat_ws(' ', needed.name, needed.type), ', ' order by needed.name)
  into missing
  from (
    values ('id', 'uuid'), ('user_id', 'uuid'), ('filename', null), ('file_type', null),
      ('status', null), ('progress', null), ('processing_stage', null), ('error_message', null)
  ) as needed (name, type)
  where not exists (
    select from pg_attribute a
    where a.attrelid = 'public.files'::regclass and a.attname = needed.name and not a.attisdropped
      and (needed.type is null or a.atttypid = needed.type::regtype)
  );
  if missing is not null then
    raise exception 'file-events cannot stream public.files, which lacks: %', missing;
  end if;
  if exists (
    select from pg_attribute a
    where a.attrelid = 'public.files'::regclass and not a.attisdropped
      and (a.attname = 'revision' and a.atttypid <> 'bigint'::regtype
        or a.attname = 'changed_in' and a.atttypid <> 'xid8'::regtype)
  ) then
    raise exception 'file-events needs the column names revision (bigint) and changed_in (xid8) on public.files for itself';
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
alter table public.files
  add column if not exists revision bigint not null default nextval('file_events.revisions'),
  add column if not exists changed_in xid8 not null default pg_current_xact_id();
alter table public.files
  alter column revision set default 0,
  alter column changed_in set default '0';

create index if not exists files_user_id_changed_in_revision_idx
  on public.files (user_id, changed_in, revision);

-- Tombstones. No foreign key: they outlive the file and its owner.
create table if not exists public.file_deletions (
  revision bigint primary key,
  id uuid not null,
  user_id uuid not null,
  changed_in xid8 not null,
  deleted_at timestamptz not null default now()
);

create index if not exists file_deletions_user_id_changed_in_revision_idx
  on public.file_deletions (user_id, changed_in, revision);
create index if not exists file_deletions_id_revision_idx
  on public.file_deletions (id, revision);

alter table public.file_deletions enable row level security;
drop policy if exists "Owners read their deletions" on public.file_deletions;
create policy "Owners read their deletions" on public.file_deletions
  for select to authenticated
  using (user_id = (select auth.uid()));
revoke all on public.file_deletions from public, anon, authenticated;
grant select on public.file_deletions to authenticated;
grant all on public.file_deletions to service_role;

-- A table that was restored without this schema brings revisions that the sequence hasn't drawn.
select setval('file_events.revisions', greatest(
  (select last_value from file_events.revisions),
  (select max(revision) from public.files),
  (select max(revision) from public.file_deletions)
));

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
insert into file_events.state default values on conflict do nothing;
revoke all on file_events.state from public, anon, authenticated;
grant select (epoch, pruned_below) on file_events.state to authenticated;

-- In what follows every UPDATE and DELETE has a WHERE: PostgREST's sessions on Supabase load
-- safeupdate, which refuses others, in triggers too.

-- Sets revision and changed_in, whatever the client sent: new ones where a streamed column
-- changes, the old ones otherwise. `set revision = null` asks for new ones.
create or replace function file_events.stamp() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  if tg_op = 'UPDATE' and new.revision is not null and
    (new.id, new.user_id, new.filename, new.file_type, new.status, new.progress,
      new.processing_stage, new.error_message) is not distinct from
    (old.id, old.user_id, old.filename, old.file_type, old.status, old.progress,
      old.processing_stage, old.error_message)
  then
    new.revision := old.revision;
    new.changed_in := old.changed_in;
  else
    new.revision := nextval('file_events.revisions');
    new.changed_in := pg_current_xact_id();
  end if;
  return new;
end;
$$;

-- An insert draws its revision before it waits for an uncommitted delete of the same id, whose
-- tombstone is then the newer one: the row draws again. In REPEATABLE READ and SERIALIZABLE that
-- tombstone can't be seen, so there every insert draws again. There the deleted row can still be
-- seen, and touching it would fail: the revision tells the two apart.
create or replace function file_events.outrank_tombstones() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  if current_setting('transaction_isolation') <> 'read committed' or exists (
    select from public.file_deletions d where d.id = new.id and d.revision > new.revision
  ) then
    update public.files f set revision = null where f.id = new.id and f.revision = new.revision;
  end if;
  return null;
end;
$$;

-- A file that is deleted, or leaves its owner or its id, leaves a tombstone for who had it.
create or replace function file_events.leave_tombstone() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  insert into public.file_deletions (revision, id, user_id, changed_in)
  values (nextval('file_events.revisions'), old.id, old.user_id, pg_current_xact_id());
  -- The same statement or transaction may have put a new row there first (a deferrable key).
  if exists (
    select from public.files f where f.id = old.id and f.user_id = old.user_id
  ) then
    update public.files f set revision = null where f.id = old.id and f.user_id = old.user_id;
  end if;
  return null;
end;
$$;

-- TRUNCATE also removes rows that a REPEATABLE READ transaction can't see. There only a new epoch,
-- and so a fresh snapshot for everybody, is right.
create or replace function file_events.leave_tombstones_of_all() returns trigger
language plpgsql security definer
set search_path = ''
as $$
begin
  insert into public.file_deletions (revision, id, user_id, changed_in)
  select nextval('file_events.revisions'), f.id, f.user_id, pg_current_xact_id()
  from public.files f where f.user_id is not null;
  if current_setting('transaction_isolation') <> 'read committed' then
    update file_events.state set epoch = gen_random_uuid() where singleton;
  end if;
  return null;
end;
$$;

-- Removes tombstones that no cursor of the last day needs, in bounded steps: at most 5,000, at
-- most once an hour (a minute while there are more), one session at a time. It goes by
-- transaction id, never by time: a row stamped long ago may have been committed just now.
-- Returns how many went.
create or replace function file_events.prune() returns integer
language plpgsql security definer
set search_path = ''
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
  where s.next_prune_at <= clock_timestamp() for update skip locked;
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
  with oldest as materialized (
    select d.revision, d.changed_in from public.file_deletions d order by d.revision limit step
  )
  delete from public.file_deletions d using oldest o
  where d.revision = o.revision and o.changed_in < state.pruned_below;
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
set search_path = ''
as $$
begin
  perform file_events.prune();
  return null;
end;
$$;

-- After a restore transaction ids start over, and old cursors would skip changes: makes every
-- cursor unusable and every row readable by the new ones. Returns the new epoch.
create or replace function file_events.renew_epoch() returns uuid
language plpgsql
set search_path = ''
as $$
declare
  renewed uuid;
begin
  lock table public.files in share row exclusive mode;
  delete from public.file_deletions where true;
  perform setval('file_events.revisions', greatest(
    (select last_value from file_events.revisions),
    (select max(f.revision) from public.files f)
  ));
  -- Zero: loaded with triggers off.
  update public.files f set revision = null
  where f.changed_in > pg_current_xact_id() or f.revision = 0;
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

revoke execute on function file_events.stamp(), file_events.outrank_tombstones(),
  file_events.leave_tombstone(), file_events.leave_tombstones_of_all(), file_events.prune(),
  file_events.prune_when_due(), file_events.renew_epoch()
  from public, anon, authenticated;

-- Triggers fire in the order of their names: the stamp must see what all others made of the row.
create or replace trigger zz_file_events_stamp
  before insert or update on public.files
  for each row execute function file_events.stamp();

create or replace trigger file_events_outrank_tombstones_on_insert
  after insert on public.files
  for each row execute function file_events.outrank_tombstones();

create or replace trigger file_events_outrank_tombstones_on_update
  after update on public.files
  for each row when (old.id is distinct from new.id)
  execute function file_events.outrank_tombstones();

create or replace trigger file_events_leave_tombstone_on_delete
  after delete on public.files
  for each row when (old.user_id is not null)
  execute function file_events.leave_tombstone();

create or replace trigger file_events_leave_tombstone_on_update
  after update on public.files
  for each row when (
    old.user_id is not null
    and (old.id is distinct from new.id or old.user_id is distinct from new.user_id)
  )
  execute function file_events.leave_tombstone();

create or replace trigger file_events_leave_tombstones_on_truncate
  before truncate on public.files
  for each statement execute function file_events.leave_tombstones_of_all();

create or replace trigger file_events_prune
  after delete on public.files
  for each statement execute function file_events.prune_when_due();

-- The caller's files and deletions that changed since a cursor, one page of them:
--   cursor     pass it back as `since` for what follows
--   covers     [bound, running…]: once `more` is false, the changes of all transactions below
--              `bound` but the `running` ones have been returned. The same on all pages of a run
--   revision   no revision above it had been drawn
--   reset      `since` was null or is not usable: a full snapshot starts here
--   more       call again with `cursor` for the next page of the run
--   current    `more` is false, and no file has changed since the run began: nothing is missing.
--              (What more than 16 running transactions changed is not looked for.)
--   files, deletions
-- STABLE matters: rows and transaction ids are then read from one and the same snapshot.
create or replace function public.file_changes_since(
  since text default null,
  file_ids uuid[] default null,
  snapshot boolean default true
) returns jsonb
language plpgsql stable security invoker
set search_path = ''
-- A generic plan would not know whether `file_ids` or the cursor narrows the search.
set plan_cache_mode = force_custom_plan
-- A bitmap has no order: each page would sort all that one transaction has changed.
set enable_bitmapscan = off
as $$
declare
  max_rows constant integer := 500;
  max_bytes constant integer := 1048576;
  max_file_ids constant integer := 100;
  max_running constant integer := 16;
  now_visible constant pg_catalog.pg_snapshot := pg_current_snapshot();
  snapshot_min constant xid8 := pg_snapshot_xmin(now_visible);
  snapshot_max constant xid8 := pg_snapshot_xmax(now_visible);
  caller constant uuid := auth.uid();
  ids uuid[];
  key text;
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
    ids := array(select distinct i from unnest(file_ids) i where i is not null order by i);
  end if;

  -- What a cursor is bound to. `snapshot`, because without one a cursor doesn't cover what was
  -- there before. The claims of the token, because other rights may show other rows; but not those
  -- that only say when and how it was issued.
  select s.pruned_below, left(encode(sha256(convert_to(jsonb_build_array(
    s.epoch, caller, snapshot, ids,
    auth.jwt() - array['exp', 'iat', 'nbf', 'jti', 'session_id', 'amr']
  )::text, 'UTF8')), 'hex'), 32)
  into strict pruned_below, key from file_events.state s;

  select r.last_value into strict last_revision from file_events.revisions r;

  -- After a restore transaction ids start over. Rows that were stamped before it would be left out.
  if exists (
    select from public.files f
    where f.user_id = caller and f.changed_in >= snapshot_max
      and f.changed_in is distinct from pg_current_xact_id_if_assigned()
  ) then
    raise exception
      'public.files has changes from the future, as after a restore: run select file_events.renew_epoch()'
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
      or part[2] is not distinct from 'c' and part[4]::xid8 < pruned_below;
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
  -- `created_at` is the table's column or, if there is none, that of `absent`.
  with changed as (
    (
      select f.* from (select null::text as created_at) absent cross join lateral (
        select f.changed_in, f.revision, f.id, f.filename::text, f.file_type::text, f.status::text,
          f.progress, f.processing_stage::text, f.error_message::text,
          to_jsonb(created_at) as created_at, false as deleted
        from public.files f
        where f.user_id = caller
          and (f.changed_in, f.revision) > (low_xid, low_revision)
          and f.changed_in < upper
          and (ids is null or f.id = any (ids))
        order by f.changed_in, f.revision
        limit max_rows + 1
      ) f
    )
    union all
    (
      select f.* from (select null::text as created_at) absent
      cross join unnest(since_running) as late (id)
      cross join lateral (
        select f.changed_in, f.revision, f.id, f.filename::text, f.file_type::text, f.status::text,
          f.progress, f.processing_stage::text, f.error_message::text,
          to_jsonb(created_at) as created_at, false as deleted
        from public.files f
        where f.user_id = caller
          and f.changed_in = late.id
          and (f.changed_in, f.revision) > (after_xid, after_revision)
          and (ids is null or f.id = any (ids))
        order by f.revision
        limit max_rows + 1
      ) f
    )
    union all
    (
      select d.changed_in, d.revision, d.id, null, null, null, null, null, null, null, true
      from public.file_deletions d
      where not full_snapshot
        and d.user_id = caller
        and (d.changed_in, d.revision) > (low_xid, low_revision)
        and d.changed_in < upper
        and (ids is null or d.id = any (ids))
        and not exists (
          select from public.files f where f.id = d.id and f.user_id = caller
        )
      order by d.changed_in, d.revision
      limit max_rows + 1
    )
    union all
    (
      select d.changed_in, d.revision, d.id, null, null, null, null, null, null, null, true
      from unnest(since_running) as late (id) cross join lateral (
        select d.changed_in, d.revision, d.id
        from public.file_deletions d
        where d.user_id = caller
          and d.changed_in = late.id
          and (d.changed_in, d.revision) > (after_xid, after_revision)
          and (ids is null or d.id = any (ids))
          and not exists (
            select from public.files f where f.id = d.id and f.user_id = caller
          )
        order by d.revision
        limit max_rows + 1
      ) d
    )
  ), described as (
    select c.changed_in, c.revision, c.deleted, jsonb_build_object(
        'id', c.id, 'revision', c.revision, 'changed_in', c.changed_in::text
      ) || case when c.deleted then '{}' else jsonb_build_object(
        'filename', left(c.filename, 1024),
        'file_type', left(c.file_type, 1024),
        'status', left(c.status, 1024),
        'progress', c.progress,
        'processing_stage', left(c.processing_stage, 1024),
        'error_message', left(c.error_message, 4096),
        'created_at', c.created_at
      ) end as change
    from changed c
  ), numbered as (
    select d.*,
      row_number() over in_order as number,
      sum(octet_length(d.change::text)) over in_order as bytes,
      count(*) over () as found
    from described d
    window in_order as (order by d.changed_in, d.revision rows unbounded preceding)
  )
  select
    coalesce(jsonb_agg(n.change order by n.number) filter (where not n.deleted), '[]'),
    coalesce(jsonb_agg(n.change order by n.number) filter (where n.deleted), '[]'),
    coalesce(max(n.found) > count(*), false),
    (array_agg(n.changed_in order by n.number desc))[1],
    (array_agg(n.revision order by n.number desc))[1]
  into files, deletions, more, after_xid, after_revision
  from numbered n
  where n.number = 1 or (n.number <= max_rows and n.bytes <= max_bytes);

  -- A run of several pages misses the files that change while it is read, even if they were there
  -- before.
  current := not more and (reset or part[2] is null or not exists (
    select from public.files f
    where f.user_id = caller and (f.changed_in >= upper or f.changed_in = any (running))
      and (ids is null or f.id = any (ids))
  ));

  return jsonb_build_object(
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

revoke execute on function public.file_changes_since(text, uuid[], boolean)
  from public, anon, service_role;
grant execute on function public.file_changes_since(text, uuid[], boolean) to authenticated;
