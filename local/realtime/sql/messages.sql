-- Broadcast from the database: the schema that Supabase Realtime gives every project.

create schema realtime;
grant usage on schema realtime to anon, authenticated, service_role;

create table realtime.messages (
  id uuid not null default gen_random_uuid(),
  topic text not null,
  extension text not null,
  event text,
  payload jsonb,
  private boolean default false,
  updated_at timestamp not null default now(),
  inserted_at timestamp not null default now(),
  primary key (id, inserted_at)
);
alter table realtime.messages enable row level security;
grant select, insert, update on realtime.messages to anon, authenticated, service_role;

-- Policies on realtime.messages ask this for the topic that is being joined.
create function realtime.topic() returns text
language sql stable as $$
  select nullif(current_setting('realtime.topic', true), '')::text
$$;

-- A failed send is a warning, never an error: the write that caused it goes through.
create function realtime.send(payload jsonb, event text, topic text, private boolean default true)
returns void language plpgsql as $$
declare
  message_id uuid := gen_random_uuid();
begin
  perform set_config('realtime.topic', topic, true);
  insert into realtime.messages (id, payload, event, topic, private, extension)
  values (
    message_id,
    case when payload ? 'id' then payload else payload || jsonb_build_object('id', message_id) end,
    event, topic, private, 'broadcast'
  );
exception when others then
  raise warning 'ErrorSendingBroadcastMessage: %', sqlerrm;
end
$$;

create function realtime.broadcast_changes(
  topic_name text, event_name text, operation text, table_name text, table_schema text,
  new record, old record, level text default 'ROW'
) returns void language plpgsql as $$
begin
  if level = 'STATEMENT' then
    raise exception 'function can only be triggered for each row, not for each statement';
  end if;
  perform realtime.send(
    jsonb_build_object(
      'operation', operation, 'schema', table_schema, 'table', table_name,
      'record', case when operation <> 'DELETE' then to_jsonb(new) end,
      'old_record', case when operation <> 'INSERT' then to_jsonb(old) end
    ),
    event_name, topic_name
  );
end
$$;

-- Messages on their way to the sockets, in the order of their commits. NOTIFY carries no content:
-- a payload is limited to 8,000 bytes.
create table realtime.broadcast_outbox (
  position bigint generated always as identity primary key,
  message_id uuid not null
);

create function realtime.enqueue_broadcast() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
  insert into realtime.broadcast_outbox (message_id) values (new.id);
  notify realtime_broadcast;
  return null;
end
$$;

create trigger enqueue_broadcast after insert on realtime.messages
for each row when (new.extension = 'broadcast') execute function realtime.enqueue_broadcast();
