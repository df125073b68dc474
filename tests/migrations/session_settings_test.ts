import assert from "node:assert/strict";
import { migrations, readSql } from "../../local/postgres/supabase_database.ts";
import { setStage } from "./stage.ts";

/** Types whose text depends on a session's settings. */
const table = `
  create table public.files (
    id uuid primary key, user_id uuid, filename timestamptz, file_type interval, status bytea,
    progress double precision, processing_stage tstzrange, error_message date, created_at timestamptz
  );
  alter table public.files enable row level security;
  create policy own on public.files for all to authenticated using (auth.uid() = user_id);
  grant all on public.files to authenticated;
`;

const insert = (id: string, user: string) =>
  `insert into public.files values ('${id}', '${user}', '2026-07-08T09:10:11.25Z',
    interval '1 year 2 days 3 hours', decode('00ff41', 'hex'), 0.1::float8 + 0.2::float8,
    tstzrange('2026-07-08T09:10:11Z', '2026-11-08T09:10:11Z'), '2026-07-08'::date,
    '2026-01-02T03:04:05.678901Z')`;

const settings: Record<string, string> = {
  "as they are": "select",
  "of another place": `set timezone = 'America/St_Johns'; set datestyle = 'German, DMY';
    set intervalstyle = 'iso_8601'`,
  "of another precision": "set extra_float_digits = -10; set bytea_output = 'escape'",
};

Deno.test("broadcast() and file_changes_since() say the same, byte for byte, whatever a session has set", async () => {
  await using stage = await setStage({
    scripts: [],
    setUp: [table, ...await Promise.all(migrations.slice(1).map(readSql))].join(";\n"),
  });
  const { owner, database, user } = stage;
  const id = crypto.randomUUID();
  const texts = new Set<string>();
  for (const change of Object.values(settings)) {
    await using writer = await database.connect();
    await writer.query(insert(id, user));
    await writer.query("delete from realtime.messages");
    await writer.query(change);
    await writer.query("update public.files set revision = null where true");
    const [message] = await owner.query<{ file: string }>(
      "select (payload->'file')::text as file from realtime.messages",
    );
    for (const reading of Object.values(settings)) {
      await using reader = await database.connectAs(user);
      await reader.query(reading);
      const [page] = await reader.query<{ file: string }>(
        "select (public.file_changes_since()->'files'->0)::text as file",
      );
      assert.equal(page!.file, message!.file);
    }
    const { revision: _, changed_in: __, ...fields } = JSON.parse(message!.file);
    texts.add(JSON.stringify(fields));
    await owner.query("delete from public.files where true");
  }
  assert.equal(texts.size, 1, [...texts].join("\n"));
  assert.match([...texts][0]!, /"2026-01-02T03:04:05.678901\+00:00"/);
});
