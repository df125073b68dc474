import { readScript, type Script } from "../../local/database.ts";
import type { TableMapping } from "../../setup/mapping/table_mapping.ts";
import { renderScript } from "../../setup/sql/render.ts";

const MAPPING: TableMapping = {
  schema: "public",
  table: "Uploaded Documents",
  id: "document",
  idType: "text",
  owner: "user",
  fields: {
    filename: "title",
    file_type: "mime_type",
    status: "state",
    progress: "percent",
    processing_stage: "step",
    error_message: "problem",
    created_at: "made_at",
  },
  extra: [],
  finalStatuses: ["ready", "failed"],
  revision: "document_revision",
  changedIn: "document_changed_in",
  live: "pings",
};

/** The scenarios write to `files`: here that is a view, and the stream follows the table behind it. */
const TABLE_SQL = `
  create table public."Uploaded Documents" (
    document text primary key default gen_random_uuid()::text,
    "user" uuid not null default auth.uid() references auth.users (id) on delete cascade,
    title text not null,
    mime_type text,
    state text not null default 'pending',
    percent numeric not null default 0,
    step text,
    problem text,
    made_at timestamptz not null default now()
  );
  alter table public."Uploaded Documents" enable row level security;
  create policy "Owners" on public."Uploaded Documents" for all to authenticated
    using ("user" = (select auth.uid())) with check ("user" = (select auth.uid()));
  grant all on public."Uploaded Documents" to authenticated, service_role;
  create view public.files with (security_invoker = true) as
    select document as id, "user" as user_id, title as filename, mime_type as file_type,
      state as status, percent as progress, step as processing_stage, problem as error_message,
      made_at as created_at
    from public."Uploaded Documents";
  grant all on public.files to authenticated, service_role;
`;

/** What a project runs whose table has other names, and whose live changes are pings. */
export async function mappedTableScripts(): Promise<Script[]> {
  return [
    { name: "the table", sql: TABLE_SQL },
    { name: "file_events", sql: await renderScript("file_events", MAPPING) },
    { name: "file_events_broadcast", sql: await renderScript("file_events_broadcast", MAPPING) },
    await readScript(new URL("../../supabase/seed.sql", import.meta.url)),
  ];
}
