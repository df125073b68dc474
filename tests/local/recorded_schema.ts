import type { Script } from "../../local/database.ts";

/** The tables that the frames were recorded with. */
export const recordedSchema: Script[] = [{
  name: "recorded schema",
  sql: `
    create table public.files (
      id uuid primary key default gen_random_uuid(),
      user_id uuid not null,
      filename text not null,
      file_type text not null,
      status text not null default 'pending',
      progress integer not null default 0,
      processing_stage text,
      error_message text,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now()
    );
    alter table public.files enable row level security;
    create policy own on public.files using (user_id = (select auth.uid()));
    alter publication supabase_realtime add table public.files;
  `,
}];

/** For `broadcast_from_database` and `broadcast_replay`. */
export const broadcastSql = `
  create function public.broadcast() returns trigger language plpgsql as $$
  begin
    perform realtime.broadcast_changes(
      'user:' || coalesce(new.user_id, old.user_id), tg_op, tg_op, tg_table_name, tg_table_schema,
      new, old
    );
    return null;
  end
  $$;
  create trigger broadcast after insert or update or delete on public.files
  for each row execute function public.broadcast();
  create policy "own topic" on realtime.messages for select to authenticated
  using (realtime.topic() = 'user:' || (select auth.uid()) and extension = 'broadcast');
`;

/** For \`tombstones_and_send\`: the shape that the design gives the two tables. */
export const tombstonesSql = `
  create sequence public.revision start 4;
  alter table public.files add revision bigint, add changed_in xid8;
  create table public.file_deletions (
    id uuid not null,
    user_id uuid not null,
    revision bigint primary key default nextval('public.revision'),
    changed_in xid8 not null default pg_current_xact_id(),
    deleted_at timestamptz not null default clock_timestamp()
  );
  alter table public.file_deletions enable row level security;
  create policy own on public.file_deletions using (user_id = (select auth.uid()));
  create function public.stamp() returns trigger language plpgsql as $$
  begin
    new.revision := nextval('public.revision');
    new.changed_in := pg_current_xact_id();
    return new;
  end
  $$;
  create function public.announce() returns trigger language plpgsql as $$
  begin
    if tg_op = 'DELETE' then
      insert into public.file_deletions (id, user_id) values (old.id, old.user_id);
    end if;
    perform realtime.send(
      case when tg_op = 'DELETE' then
        jsonb_build_object('operation', 'delete', 'file', jsonb_build_object('id', old.id))
      else
        jsonb_build_object(
          'operation', 'update', 'file', to_jsonb(new) - '{user_id,changed_in}'::text[]
        )
      end, 'change', 'files:' || coalesce(new.user_id, old.user_id), true
    );
    return null;
  end
  $$;
  create trigger stamp before insert or update on public.files
  for each row execute function public.stamp();
  create trigger announce after insert or update or delete on public.files
  for each row execute function public.announce();
  alter publication supabase_realtime add table public.file_deletions;
  create policy "own files" on realtime.messages for select to authenticated
  using (realtime.topic() = 'files:' || (select auth.uid()) and extension = 'broadcast');
`;
