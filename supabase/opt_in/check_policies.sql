-- Names what on public.files the stream can't follow, or not on both of its paths: it carries to
-- each user the files of which they are the owner (`user_id`). Changes nothing. No rows: everything
-- is as the stream expects it. What each problem means: docs/database.md.

with recursive policy as (
  select
    p.polname::text as name,
    p.polpermissive as permissive,
    pg_get_expr(p.polqual, p.polrelid) as condition
  from pg_policy p
  where p.polrelid = 'public.files'::regclass and p.polcmd in ('r', '*')
), unquoted as (
  -- Quoted text could say anything.
  select name, replace(
    regexp_replace(condition, $$'(?:[^']|'')*'|"(?:[^"]|"")*"$$, '_', 'g'),
    'auth.uid()'::regprocedure::text, '{caller}'
  ) as rest
  from policy
), started as (
  select name, replace(
    regexp_replace(
      regexp_replace(rest, '\( SELECT \{caller\} AS \w+\)', '{caller}', 'g'),
      '\((?:user_id = \{caller\}|\{caller\} = user_id)\)', '{owner}', 'g'
    ),
    '{caller}', '_'
  ) as rest
  from unquoted
), reduced as (
  select name, rest from started
  union
  -- PostgreSQL prints parentheses around every operation. Taking the innermost ones away until
  -- nothing changes leaves {owner} alone where nobody passes without being the owner.
  select name, regexp_replace(
    regexp_replace(rest, '\((?:[^(){}]* AND )?\{owner\}(?: AND [^(){}]*)?\)', '{owner}', 'g'),
    '\([^(){}]*\)', '_', 'g'
  )
  from reduced
), judged as (
  select p.*,
    exists (select from started s where s.name = p.name and s.rest = '{owner}') as is_ownership,
    exists (select from reduced r where r.name = p.name and r.rest = '{owner}') as is_for_owners
  from policy p
)
select policy, problem
from (
  select name as policy, format(
    case when permissive and not is_for_owners
      then 'may show rows to others than their owner: %s'
      else 'broadcast goes by ownership alone, only FILE_EVENTS_SOURCE=postgres_changes obeys all of: %s'
    end,
    coalesce(condition, 'true')
  ) as problem
  from judged
  where not is_ownership and (permissive or condition <> 'true')
  union all
  select null, 'row level security is off: everybody with a grant reads every row'
  from pg_class c
  where c.oid = 'public.files'::regclass and not c.relrowsecurity
  union all
  select null, 'no policy lets owners read their files: every stream stays empty'
  where not exists (select from policy where permissive)
) as finding
order by policy nulls first;
