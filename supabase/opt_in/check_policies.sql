-- Names what on public.files the stream can't follow: it carries to each user the files of which
-- they are the owner (`user_id`), so a row that somebody else may read as well never reaches that
-- reader. Changes nothing. No rows: everything is as the stream expects it.
--
-- A policy counts as understood if it compares user_id with auth.uid(), alone or with further
-- conditions joined by AND. Anything else is named, for you to judge.

with reading as (
  select
    p.polname::text as policy,
    -- `(( SELECT auth.uid() AS uid) = user_id)` and `(auth.uid() = user_id)` are one expression
    regexp_replace(
      regexp_replace(
        pg_get_expr(p.polqual, p.polrelid), '\( SELECT ((auth\.)?uid\(\)) AS uid\)', '\1', 'g'
      ),
      '[()\s]+', ' ', 'g'
    ) as condition
  from pg_policy p
  where p.polrelid = 'public.files'::regclass
    and p.polpermissive
    and p.polcmd in ('r', '*')
)
select policy, problem
from (
  select
    policy,
    format('may show rows to others than their owner: %s', coalesce(condition, 'true')) as problem
  from reading
  where condition is null
    or condition !~ '(^|AND) ((auth\.)?uid = user_id|user_id = (auth\.)?uid) ($|AND)'
    or condition ~ '\y(OR|NOT|SELECT|CASE|WHEN|ANY|COALESCE)\y'
  union all
  select null, 'row level security is off: everybody with a grant reads every row'
  from pg_class c
  where c.oid = 'public.files'::regclass and not c.relrowsecurity
  union all
  select null, 'no policy lets owners read their files: every stream stays empty'
  where not exists (select from reading)
) as finding
order by policy nulls first;
