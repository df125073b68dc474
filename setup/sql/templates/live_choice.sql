with place as (
  select '{{table:text}}'::regclass::oid as files, null::oid as deletions, null::oid as messages,
    coalesce(to_regprocedure('auth.uid()')::text, 'auth.uid()') as uid,
    to_regrole('authenticated')::oid as reader
), {{policy_queries}}
select case
  when not (select c.relrowsecurity from pg_class c where c.oid = place.files)
    or exists (
      select from policy p left join started s using (relation, name)
      where p.permissive and (s.rest = '{owner}' or p.condition = 'true')
    ) and not exists (
      select from policy p left join started s using (relation, name)
      where not p.permissive and s.rest <> '{owner}' and p.condition <> 'true'
    )
  then 'rows' else 'pings'
end as live
from place
