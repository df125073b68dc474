-- Names each state of the database in which a stream stays empty, comes late or can be overheard,
-- and what to do about it. One statement, which changes nothing: run it in the SQL editor, or as the
-- role that applies your migrations, before you apply those of file-events, afterwards, and when you
-- have changed the table, its policies or grants.
-- No rows: everything is as the streams need it. What each code means: docs/database.md.

with recursive place as (
  select *,
    coalesce((select relkind in ('r', 'p') from pg_class where oid = files), false) as is_table,
    coalesce(schema, deletions, query) is not null as is_applied
  from (
    select
      to_regclass('{{table:text}}')::oid as files,
      to_regclass('public.file_deletions')::oid as deletions,
      to_regclass('file_events.state')::oid as state,
      to_regclass('file_events.revisions')::oid as revisions,
      to_regclass('realtime.messages')::oid as messages,
      to_regnamespace('file_events')::oid as schema,
      to_regprocedure('public.file_changes_since(text, text[], boolean)')::oid as query,
      to_regprocedure('realtime.send(jsonb, text, text, boolean)')::oid as send,
      coalesce(to_regprocedure('auth.uid()')::text, 'auth.uid()') as uid,
      to_regrole('authenticated')::oid as reader
  ) found
),

-- Columns. `is_added`: by the migrations.
needed_column (relation, name, type, is_added) as (
  values
    {{checked_columns}},
    ('public.file_deletions', 'id', '{{id_type}}', true),
    ('public.file_deletions', 'user_id', 'uuid', true),
    ('public.file_deletions', 'revision', 'bigint', true),
    ('public.file_deletions', 'changed_in', 'xid8', true),
    ('file_events.state', 'epoch', 'uuid', true),
    ('file_events.state', 'pruned_below', 'xid8', true),
    ('file_events.state', 'schema_version', 'integer', true),
    ('file_events.state', 'live', 'text', true)
), checked_column as (
  select n.*, a.attnum as number, a.attnotnull as is_required, c.oid as relation_oid, a.attgenerated <> '' as is_generated,
    a.attnum is not null and case n.type
      when 'number' then t.typcategory = 'N'
      when 'text' then t.oid in ('text'::regtype, 'varchar'::regtype)
      else n.type is null or t.oid = to_regtype(n.type)
    end as is_right
  from needed_column n
  join pg_class c on c.oid = to_regclass(n.relation)
  left join pg_attribute a
    on a.attrelid = c.oid and a.attname = n.name and a.attnum > 0 and not a.attisdropped
  left join pg_type t on t.oid = a.atttypid
),

-- Triggers, by what their functions do. Bits of tgtype: 1 row, 2 before, 4 insert, 8 delete,
-- 16 update, 32 truncate.
tracking_trigger as (
  select t.tgname as name, t.tgtype::int as type, t.tgenabled in ('O', 'A') as is_enabled,
    case
      when p.proname = 'broadcast' then 'broadcast'
      when p.proname = 'stamp' and t.tgtype & 3 = 3 and t.tgqual is null and t.tgattr::text = ''
        then 'stamp'
      when p.proname not in ('stamp', 'prune_when_due') then 'tombstones'
    end as purpose
  from place
  join pg_trigger t on t.tgrelid = files
  join pg_proc p on p.oid = t.tgfoid and p.pronamespace = schema
  where not t.tgisinternal
), tracking as (
  select e.name as event, e.purpose, coalesce(bool_or(t.is_enabled), false) as is_tracked,
    string_agg('enable trigger ' || quote_ident(t.name), ', ') filter (where not t.is_enabled) as disabled
  from (
    values ('stamp', 'insert', 4), ('stamp', 'update', 16),
      ('tombstones', 'insert', 4), ('tombstones', 'update', 16), ('tombstones', 'delete', 8),
      ('tombstones', 'truncate', 32),
      ('broadcast', 'insert', 4), ('broadcast', 'update', 16), ('broadcast', 'delete', 8),
      ('broadcast', 'truncate', 32)
  ) e (purpose, name, bit)
  left join tracking_trigger t on t.purpose = e.purpose and t.type & e.bit <> 0
  group by e.purpose, e.name
), live as (
  select
    exists (select from tracking where purpose = 'broadcast' and is_tracked) as is_broadcast,
    (
      select count(*) = 2 from pg_publication_tables t
      join pg_publication p on p.pubname = t.pubname and p.pubinsert and p.pubupdate
      where t.pubname = 'supabase_realtime' and t.schemaname in ('{{schema_name:text}}', 'public')
        and (t.schemaname, t.tablename) in (
          ('{{schema_name:text}}', '{{table_name:text}}'), ('public', 'file_deletions')
        )
    ) as is_published
),

-- The functions that triggers and the query call, and whether each runs with rights that suffice. `needed`: on
-- which relation the owner needs which privileges, and to be above its row level security.
definer as (
  select p.oid, p.prosecdef and bool_and(
    o.rolsuper or coalesce(
      (select bool_and(has_table_privilege(o.oid, c.oid, privilege))
        from unnest(needed.privileges) privilege)
      and (not c.relrowsecurity or o.rolbypassrls
        or pg_has_role(o.oid, c.relowner, 'usage') and not c.relforcerowsecurity), true)
  ) as is_right
  from place
  join pg_proc p on p.pronamespace = schema and (
    p.proname in ('own_changes', 'resync')
    or exists (select from pg_trigger t where t.tgrelid = files and t.tgfoid = p.oid)
  )
  join pg_roles o on o.oid = p.proowner
  cross join lateral (
    values (files, '{select,update}'::text[]), (deletions, '{select,insert,delete}'),
      (state, '{select,update}'),
      (case when p.proname = 'broadcast' then messages end, '{insert}')
  ) needed (relation, privileges)
  left join pg_class c on c.oid = needed.relation
  group by p.oid, p.prosecdef
),

-- Policies that decide what `authenticated` reads.
{{policy_queries}}, reduced as (
  select * from started
  union
  -- PostgreSQL prints parentheses around every operation. Taking the innermost ones away until
  -- nothing changes leaves {owner} alone where nobody passes without being the owner.
  select relation, name, regexp_replace(
    regexp_replace(rest, '\((?:[^(){}]* AND )?\{owner\}(?: AND [^(){}]*)?\)', '{owner}', 'g'),
    '\([^(){}]*\)', '_', 'g'
  )
  from reduced
), judged_policy as (
  select p.*,
    exists (
      select from started s where (s.relation, s.name, s.rest) = (p.relation, p.name, '{owner}')
    ) as is_ownership,
    exists (
      select from reduced r where (r.relation, r.name, r.rest) = (p.relation, p.name, '{owner}')
    ) as is_for_owners
  from policy p
), relation_policies as (
  -- Permissive policies add up; each restrictive one narrows them all.
  select relation,
    coalesce(bool_or(permissive and (is_ownership or condition = 'true')), false) as shows_all_own,
    coalesce(bool_or(not permissive and is_for_owners), false) as hides_others
  from judged_policy group by relation
),

-- Rows are read by query_to_xml, because a statement that names a missing table fails. They are read
-- only where the columns are there and whoever runs this may read them.
readable as (
  select relation, bool_and(
    is_right and has_column_privilege(relation_oid, number, 'select')
  ) as is_readable
  from checked_column where is_added group by relation
), contents as materialized (
  select
    case when (select is_readable from readable where relation = '{{table:text}}') and is_table then
      query_to_xml($$
        select count(*) filter (where {{revision}} = 0) as unstamped,
          count(*) filter (where {{changed_in}} >= pg_snapshot_xmax(pg_current_snapshot())
            and {{changed_in}} is distinct from pg_current_xact_id_if_assigned()) as future,
          max({{revision}}) as highest
        from {{table}}
      $$, false, false, '')::text
    end as files,
    case when (select is_readable from readable where relation = 'public.file_deletions') then
      query_to_xml($$
        select count(*) as future from public.file_deletions
        where changed_in >= pg_snapshot_xmax(pg_current_snapshot())
          and changed_in is distinct from pg_current_xact_id_if_assigned()
      $$, false, false, '')::text
    end as deletions,
    case when has_sequence_privilege(revisions, 'select') then
      query_to_xml('select last_value from file_events.revisions', false, false, '')::text
    end as revisions,
    case when (select is_readable from readable where relation = 'file_events.state') then
      query_to_xml('select count(*) as states, min(live) as live from file_events.state',
        false, false, '')::text
    end as state
  from place
), fact as (
  select substring(files from '<unstamped>(\d+)<')::bigint as unstamped,
    substring(files from '<future>(\d+)<')::bigint as future,
    substring(deletions from '<future>(\d+)<')::bigint as future_deletions,
    substring(files from '<highest>(\d+)<')::bigint as highest,
    substring(revisions from '<last_value>(\d+)<')::bigint as drawn,
    substring(state from '<states>(\d+)<')::bigint as states,
    substring(state from '<live>(\w+)<') as live
  from contents
),

again (tracking, broadcasting) as (
  values ('apply the migration …_file_events.sql again',
    'apply the migration …_file_events_broadcast.sql again')
),

finding (code, problem, cure) as (
  -- What the migrations would refuse.
  select 'table-missing', 'there is no table {{table:text}}',
    'create it. If you stream another table, run what file-events check prints in place of this'
  from place where files is null
  union all
  select 'table-not-plain', format('{{table:format}} %s', what), cure
  from place join pg_class c on c.oid = files cross join lateral (
    values
      (c.relkind in ('v', 'm'), 'is a view', 'stream the table that it reads'),
      (c.relkind = 'f', 'is a foreign table', 'stream it in the database that has its rows'),
      (c.relispartition, 'is a partition: what is written through its parent is not tracked',
        'stream the table that it is a part of'),
      (not c.relispartition and exists (select from pg_inherits where inhrelid = files),
        'is an inheritance child: what is written through its parent is not tracked',
        'take it out: alter table … no inherit …'),
      (c.relkind = 'r' and exists (select from pg_inherits where inhparent = files),
        'has inheritance children, whose rows are not tracked',
        'take them out: alter table … no inherit …')
  ) w (applies, what, cure) where applies
  union all
  select 'id-not-unique', 'column {{id_name:text}} of {{table:text}} ' || what, cure
  from place cross join checked_column k cross join lateral (
    values
      (not is_required, 'may be null', 'alter table {{table:text}} alter column {{id:text}} set not null'),
      (not exists (
        select from pg_index i
        where i.indrelid = files and i.indisunique and i.indimmediate and i.indisvalid
          and i.indpred is null and i.indnkeyatts = 1 and i.indkey[0] = k.number
      ), 'is not unique by itself',
        'add a primary key or a unique constraint of this column alone that is not deferrable'
        || case when (select relkind from pg_class where oid = files) = 'p'
          then ' (PostgreSQL allows it only on a table that is partitioned by it)' else '' end),
      (exists (
        select from pg_attribute a join pg_collation l on l.oid = a.attcollation
        where a.attrelid = files and a.attnum = k.number and not l.collisdeterministic
      ), 'has a collation that takes different texts for the same',
        'alter table {{table:text}} alter column {{id:text}} type text collate "C"')
  ) w (applies, what, cure)
  where is_table and relation = '{{table:text}}' and name = '{{id_name:text}}' and number is not null and applies
  union all
  select case when number is null then 'column-missing' else 'column-type' end,
    format('column %s of %s %s', name, relation, case
      when number is null then 'is missing'
      when type = 'number' then 'is not a number: streams carry null in its place'
      else 'is not ' || type
    end),
    case
      when relation <> '{{table:text}}' then format('drop table %s, and %s', relation, tracking)
      when is_added and number is null then tracking
      when is_added then 'rename your column: the streams need this name for themselves'
      else 'add, rename or convert a column'
    end
  from checked_column, place, again
  where is_table and not is_right and (is_applied or number is not null or not is_added)
  union all
  select 'column-generated', format('column %s of {{table:format}} is generated: its changes can be missed', name),
    'make it a plain column that your writers or a BEFORE trigger fill (alter column … drop expression)'
  from checked_column, place where is_table and relation = '{{table:text}}' and is_generated
    and name in ({{tracked_names}})

  -- What they add.
  union all
  select 'not-applied', 'the migrations of file-events are not applied',
    'apply the migrations …_file_events.sql and …_file_events_broadcast.sql'
  from place where is_table and not is_applied
  union all
  select 'part-missing', format('%s is missing', part), tracking
  from place, again, lateral (
    values ('the schema file_events', schema), ('public.file_deletions', deletions),
      ('file_events.state', state), ('file_events.revisions', revisions),
      ('public.file_changes_since(text, text[], boolean)', query)
  ) p (part, oid)
  where is_table and is_applied and p.oid is null
  union all
  select 'part-missing', 'file_events.state has no row, or several',
    'delete from file_events.state, and ' || tracking
  from fact, again where states <> 1
  union all
  select 'index-missing', format('%s has no valid index on (%s): what needs it reads the whole table',
    relation, replace(columns, ',', ', ')), 'drop an invalid index, and ' || tracking
  from place, again, lateral (
    values ('{{table:text}}', files, concat_ws(',', quote_ident('{{owner_name:text}}'),
        quote_ident('{{changed_in_name:text}}'), quote_ident('{{revision_name:text}}'))),
      ('public.file_deletions', deletions, 'user_id,changed_in,revision'),
      ('public.file_deletions', deletions, 'id,revision')
  ) needed (relation, oid, columns)
  where is_table and is_applied and oid is not null and not exists (
    select from checked_column where relation_oid = oid and is_added and number is null
  ) and not exists (
    select from pg_index i
    where i.indrelid = oid and i.indisvalid and i.indpred is null and starts_with(concat_ws(',',
      pg_get_indexdef(i.indexrelid, 1, true), pg_get_indexdef(i.indexrelid, 2, true),
      pg_get_indexdef(i.indexrelid, 3, true)) || ',', columns || ',')
  )

  -- Change tracking.
  union all
  select case when disabled is null then 'trigger-missing' else 'trigger-disabled' end,
    format('no trigger of file_events that is enabled %s: changes are lost', case purpose
      when 'stamp' then format('calls stamp() before each row''s %s', event)
      else format('tracks %s', event)
    end),
    coalesce('alter table {{table:text}} ' || disabled, tracking) || '; select file_events.renew_epoch()'
  from tracking, place, again
  where is_table and is_applied and purpose <> 'broadcast' and not is_tracked
  union all
  select 'function-altered',
    format('%s does not run as an owner who may write what it needs: changes are lost or late', oid::regprocedure),
    'let the owner of {{table:text}} apply both migrations again, or own the function'
  from definer, place where is_table and not is_right
  union all
  select 'function-altered', format('%s %s', query::regprocedure, what), 'drop it, and ' || tracking
  from place join pg_proc p on p.oid = query cross join again cross join lateral (
    values (p.prosecdef, 'is a security definer: streams do not obey the policies on {{table:text}}'),
      (p.proargnames[:3] is distinct from '{since,file_ids,snapshot}',
        'has other names of arguments: every catch-up fails')
  ) w (applies, what) where is_table and applies
  union all
  select 'trigger-order',
    format('trigger %I fires after the one that calls file_events.stamp(), which misses what it changes', t.tgname),
    'give it a name that sorts before zz_file_events_stamp'
  from place join pg_trigger t on t.tgrelid = files
  where not t.tgisinternal and t.tgenabled in ('O', 'A') and t.tgtype & 3 = 3 and t.tgtype & 20 <> 0
    and t.tgname > coalesce(
      (select max(name) from tracking_trigger where purpose = 'stamp' and is_enabled),
      'zz_file_events_stamp')
    and t.tgname not in (select name from tracking_trigger)
  union all
  select 'rows-unstamped', format('%s rows were loaded with triggers off: not streamed', unstamped),
    'select file_events.renew_epoch()'
  from fact where unstamped > 0
  union all
  select 'rows-from-future',
    format('%s rows were stamped by another server or another time line: not streamed', future),
    'select file_events.renew_epoch()'
  from fact where future > 0
  union all
  select 'rows-from-future',
    format('%s deletions were stamped by another server or another time line: not streamed', future_deletions),
    'select file_events.renew_epoch()'
  from fact where future_deletions > 0
  union all
  select 'revisions-behind', 'rows have revisions that the sequence has not drawn: changes are taken for old ones',
    'select file_events.renew_epoch()'
  from fact where highest > drawn

  -- Live changes.
  union all
  select 'no-live-changes', 'neither broadcast triggers nor a publication with both tables: streams are late',
    broadcasting || ', or scripts/postgres_changes.sql'
  from place, live, again
  where is_table and is_applied and not is_broadcast and not is_published
  union all
  select 'broadcast-incomplete',
    format('no enabled trigger calls file_events.broadcast() after %s: such changes are late',
      string_agg(event, ', ' order by event)), broadcasting
  from live, tracking, again
  where is_broadcast and purpose = 'broadcast' and not is_tracked group by broadcasting
  union all
  select 'broadcast-unheard', problem || ': streams are late', broadcasting
  from place, live, again, lateral (
    values
      (messages is null, 'there is no table realtime.messages'),
      (
        -- Realtime's partitions are of one day each, in the zone of the session that writes.
        exists (select from pg_class where oid = messages and relkind = 'p') and not exists (
          select from pg_inherits i join pg_class c on c.oid = i.inhrelid
          cross join lateral regexp_match(pg_get_expr(c.relpartbound, c.oid),
            $$FROM \('([^']+)'\) TO \('([^']+)'\)$$) as day
          where i.inhparent = messages
            and (day is null or localtimestamp between day[1]::timestamp and day[2]::timestamp)
        ),
        'realtime.messages has no partition for today (Realtime makes it when a client connects)'
      ),
      (send is null, 'there is no function realtime.send(jsonb, text, text, boolean)'),
      (messages is not null and not exists (
        select from policy p where p.relation = messages and p.permissive
          and p.short_condition = $$extension='broadcast'ANDtopic='files:'||SELECTauth.uidASuid$$
      ), 'the policy on realtime.messages that lets users listen to their own files is missing or altered'),
      (messages is not null and not has_table_privilege(reader, messages, 'select'),
        'authenticated has no grant to select on realtime.messages')
  ) p (applies, problem)
  where is_broadcast and applies
  union all
  select 'broadcast-overheard', problem || ': users can hear of files of others', broadcasting
  from place, live, again, lateral (
    values
      (not (select relrowsecurity from pg_class where oid = messages),
        'row level security is off for realtime.messages'),
      (not exists (
        select from policy p where p.relation = messages and not p.permissive
          and p.command = '*' and p.is_for_all_roles
          and p.short_condition = $$topic!~~'files:%'ORtopic='files:'||SELECTauth.uidASuid$$
          and p.short_check = $$topic!~~'files:%'$$
      ), 'the restrictive policy on realtime.messages for topics of files is missing or altered')
  ) p (applies, problem)
  where messages is not null and is_broadcast and applies

  -- Grants: the catch-up query runs with the rights of `authenticated`.
  union all
  select 'grant-missing', format('authenticated may not %s %s: every catch-up fails', privilege, object),
    format('grant %s %s to authenticated', privilege, object)
  from place cross join lateral (
    select 'execute on function', 'public.file_changes_since(text, text[], boolean)',
      has_function_privilege(reader, query, 'execute')
    union all
    select 'execute on function', p.oid::regprocedure::text,
      has_function_privilege(reader, p.oid, 'execute')
    from pg_proc p
    where p.pronamespace = schema and p.proname in ('to_ids', 'cut', 'try_cut', 'own_changes')
    union all
    select 'usage on schema', n.nspname::text, has_schema_privilege(reader, n.oid, 'usage')
    from pg_namespace n
    where n.nspname in ('public', 'auth', 'file_events', '{{schema_name:text}}')
    union all
    select 'select on sequence', 'file_events.revisions',
      has_sequence_privilege(reader, revisions, 'select')
    union all
    select format('select (%s) on', string_agg(quote_ident(name), ', ' order by name)), relation, false
    from (
      select relation, name, relation_oid, number from checked_column
      where is_applied or not is_added
      union all
      select '{{table:text}}', a.attname, a.attrelid, a.attnum from pg_attribute a
      where a.attrelid = files and a.attname = '{{optional_name:text}}' and not a.attisdropped
    ) c
    where not has_column_privilege(reader, relation_oid, number, 'select')
    group by relation
  ) needed (privilege, object, is_granted)
  where is_table and not is_granted

  -- Policies.
  union all
  select 'policies-off',
    format('row level security is off for %s: everybody with a grant reads every row', oid::regclass),
    format('alter table %s enable row level security', oid::regclass)
  from pg_class, place where is_table and oid in (files, deletions) and not relrowsecurity
  union all
  select 'policy-missing',
    format('no policy lets authenticated read its own rows of %s: streams miss them', oid::regclass),
    'create policy … for select to authenticated using ({{owner:text}} = (select auth.uid()))'
  from pg_class, place
  where is_table and oid in (files, deletions) and relrowsecurity
    and not exists (
      select from policy p where p.relation = oid and p.permissive and p.condition <> 'false'
    )
  union all
  select 'policy-wide',
    format('policy %I on %s may show rows to others than their owner: %s', name, relation::regclass,
      condition),
    'streams carry own files only; if others must not read such rows, narrow it to the owner'
  from judged_policy join relation_policies using (relation) cross join place
  where relation in (files, deletions) and is_table and permissive and not is_for_owners
    and condition <> 'false' and not hides_others
  union all
  select 'policy-narrow',
    format('policy %I on %s asks for more than ownership, %s: %s', name, relation::regclass,
      case when live = 'pings' then 'and streams miss the deletions that it hides'
        else 'which live changes that carry rows do not' end, condition),
    case when live = 'pings' then 'drop or widen it' when is_applied then $$update file_events.state set live = 'pings' where singleton$$
      else 'none is needed: the migration will choose pings, and live changes obey the policy' end
  from judged_policy join relation_policies using (relation) cross join place cross join fact
  where relation in (files, deletions) and is_table and not is_ownership and condition <> 'true'
    and (live = 'rows' or not is_applied or relation = deletions)
    and case when permissive
      then not shows_all_own and condition <> 'false' and (is_for_owners or hides_others)
      else true
    end
  union all
  select 'policy-time',
    format('policy %I on %s depends on time, and nothing tells streams that it has passed: %s', name,
      relation::regclass, condition),
    'let the policy ask for a column that a scheduled statement sets'
  from policy join unquoted using (relation, name) cross join place
  where relation = files and is_table and rest ~* concat('\m(now|timeofday|age|(clock|statement|transaction)',
    '_timestamp)\(|\m(CURRENT_(DATE|TIME|TIMESTAMP)|LOCALTIME(STAMP)?)\M')
  union all
  select 'policy-untracked',
    format('a policy on {{table:format}} reads the column %I, whose changes are not tracked: what it begins to '
      'show or to hide stays unknown', attname),
    case when attgenerated = '' then 'select file_events.adopt_policies()'
      else 'let the policy ask for a column that is not generated' end
  from (
    select distinct a.attname, a.attgenerated
    from place
    join policy on relation = files
    join pg_policy p on p.polrelid = relation and p.polname = name
    join pg_depend d on d.classid = 'pg_policy'::regclass and d.objid = p.oid
      and d.refclassid = 'pg_class'::regclass and d.refobjid = relation
    join pg_attribute a on a.attrelid = relation and a.attnum > 0 and not a.attisdropped
      and (a.attnum = d.refobjsubid or a.attgenerated = '' and p.polqual::text like '%:varattno 0 %')
    left join pg_proc compares on compares.pronamespace = schema and compares.proname = 'reads_same'
    where is_table and is_applied and coalesce(strpos(
        translate(compares.prosrc, ')', ','),
        translate('new_row.' || quote_ident(a.attname) || ',', ')', ',')
      ), 0) = 0
      and a.attname not in ({{tracked_names}})
  ) c
)
select code, problem, cure from finding order by code, problem;
