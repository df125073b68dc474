-- For FILE_EVENTS_SOURCE=postgres_changes: lets Realtime publish both tables. Repeatable.
--
-- Read docs/database.md first: Realtime never applies row level security to DELETE, so every
-- signed-in user of the project can then hear the ids of files that somebody deletes.

do $$
declare
  published text;
begin
  if not exists (select from pg_publication where pubname = 'supabase_realtime') then
    raise exception 'publication supabase_realtime is missing: is Realtime enabled in this project?';
  end if;
  foreach published in array array['files', 'file_deletions'] loop
    if not exists (
      select from pg_publication_tables
      where pubname = 'supabase_realtime' and schemaname = 'public' and tablename = published
    ) then
      execute format('alter publication supabase_realtime add table public.%I', published);
    end if;
  end loop;
end;
$$;
