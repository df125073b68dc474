policy as (
  select p.polrelid as relation, p.polname::text as name, p.polpermissive as permissive,
    p.polcmd as command, 0 = any (p.polroles) as is_for_all_roles,
    -- PostgreSQL leaves out a policy without a condition: it neither shows nor hides anything.
    coalesce(pg_get_expr(p.polqual, p.polrelid), (not p.polpermissive)::text) as condition,
    regexp_replace(
      replace(pg_get_expr(p.polqual, p.polrelid), uid, 'auth.uid()'), '[\s()]|::text', '', 'g'
    ) as short_condition,
    regexp_replace(pg_get_expr(p.polwithcheck, p.polrelid), '[\s()]|::text', '', 'g') as short_check
  from place join pg_policy p on p.polrelid in (files, deletions, messages)
  where p.polcmd in ('r', '*') and exists (
    select from unnest(p.polroles) role where role = 0 or pg_has_role(reader, role, 'usage')
  )
), unquoted as (
  -- Quoted text could say anything.
  select relation, name,
    case relation when files then '{{owner_pattern:text}}' else 'user_id' end as owner,
    replace(
      regexp_replace(
        case quote_ident('{{owner_name:text}}') when '{{owner_name:text}}' then condition
          else replace(condition, quote_ident('{{owner_name:text}}'), '{column}') end,
        $$'(?:[^']|'')*'|"(?:[^"]|"")*"$$, '_', 'g'
      ), uid, '{caller}'
    ) as rest
  from policy, place where relation <> messages or messages is null
), started as (
  select relation, name, regexp_replace(
    regexp_replace(
      regexp_replace(rest, '\( SELECT \{caller\} AS \w+\)', '{caller}', 'g'),
      format('\((?:(?:%1$s|\{column\}) = \{caller\}|\{caller\} = (?:%1$s|\{column\}))\)', owner),
      '{owner}', 'g'
    ),
    '\{(?:caller|column)\}', '_', 'g'
  ) as rest
  from unquoted
)
