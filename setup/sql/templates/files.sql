-- The table that file-events streams. Whoever has such a table already leaves this file out:
-- the next migration adds what the stream needs to the table that is there.

create table public.files (
  id uuid primary key default gen_random_uuid(),
  user_id uuid not null default auth.uid() references auth.users (id) on delete cascade,
  filename text not null,
  file_type text not null,
  status text not null default 'pending',
  progress integer not null default 0,
  processing_stage text,
  error_message text,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint files_filename_not_empty check (filename <> ''),
  constraint files_status_known check (status in ('pending', 'processing', 'ready', 'failed')),
  constraint files_progress_percent check (progress between 0 and 100),
  constraint files_processing_stage_known check (
    processing_stage in ('extraction', 'compression', 'embedding', 'finalization')
  )
);

create index files_user_id_created_at_idx on public.files (user_id, created_at);

create function public.files_set_updated_at() returns trigger
language plpgsql
set search_path = ''
as $$
begin
  new.updated_at := now();
  return new;
end;
$$;

revoke execute on function public.files_set_updated_at() from public, anon, authenticated;

create trigger files_set_updated_at
  before update on public.files
  for each row execute function public.files_set_updated_at();

alter table public.files enable row level security;

-- `(select auth.uid())` is evaluated once a statement, a bare `auth.uid()` once a row.
create policy "Owners read their files" on public.files
  for select to authenticated
  using (user_id = (select auth.uid()));

create policy "Owners add files" on public.files
  for insert to authenticated
  with check (user_id = (select auth.uid()));

create policy "Owners change their files" on public.files
  for update to authenticated
  using (user_id = (select auth.uid()))
  with check (user_id = (select auth.uid()));

create policy "Owners delete their files" on public.files
  for delete to authenticated
  using (user_id = (select auth.uid()));

-- A project's default privileges give every role everything on a new table, TRUNCATE included,
-- which no policy covers.
revoke all on public.files from public, anon, authenticated;
grant select, insert, update, delete on public.files to authenticated;
grant all on public.files to service_role;
