-- The way back: takes everything away that …_file_events.sql and
-- …_file_events_broadcast.sql have added. The table and its rows stay, and so
-- does its place in the publication, which others may use: if they don't,
-- `alter publication supabase_realtime drop table public.files`. Repeatable.
-- Undeploy the function first: without file_changes_since its streams can't catch up.

begin;

drop policy if exists "Users listen to their own files" on realtime.messages;
drop policy if exists "Files are heard by their owner and told by the database" on realtime.messages;

drop trigger if exists file_events_send_on_insert on public.files;
drop trigger if exists file_events_send_on_update on public.files;
drop trigger if exists file_events_send_on_delete on public.files;
drop trigger if exists file_events_send_on_truncate on public.files;

drop function if exists public.file_changes_since(text, text[], boolean);
drop function if exists public.file_changes_since(text, uuid[], boolean);

drop trigger if exists zz_file_events_stamp on public.files;
drop trigger if exists file_events_outrank_tombstones_on_insert on public.files;
drop trigger if exists file_events_outrank_tombstones_on_update on public.files;
drop trigger if exists file_events_leave_tombstones_on_delete on public.files;
drop trigger if exists file_events_leave_tombstones_on_update on public.files;
drop trigger if exists file_events_leave_tombstones_on_truncate on public.files;
drop trigger if exists file_events_prune on public.files;

do $$
begin
  -- Another table of this name is not ours.
  if exists (
    select from pg_attribute
    where attrelid = to_regclass('public.file_deletions') and attname = 'changed_in'
      and atttypid = 'xid8'::regtype
  ) then
    drop table public.file_deletions;
  end if;
end;
$$;

-- With their index.
alter table if exists public.files drop column if exists revision, drop column if exists changed_in;

drop schema if exists file_events cascade;

commit;
