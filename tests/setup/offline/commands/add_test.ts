import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { run } from "../../../../setup/run.ts";
import { readMapping } from "../../../../setup/mapping/read_mapping.ts";
import { DEFAULT_MAPPING } from "../../../../setup/mapping/table_mapping.ts";
import { call } from "../../call.ts";
import { scriptedIo } from "../../scripted_io.ts";
import { type TemporaryProject, temporaryProject } from "../../temporary_project.ts";

const FUNCTION = "supabase/functions/file-events";
const OWN = new URL("../../../../supabase/", import.meta.url);
const FLAGS = ["--table", "documents", "--owner", "created_by", "--progress", "none"];

async function mappingOf(project: TemporaryProject) {
  const files = Object.entries(await project.files());
  const last = files.filter(([path]) => /\/\d+_file_events\.sql$/.test(path)).sort().at(-1);
  return last && readMapping(last[1])?.mapping;
}

Deno.test("add writes the function, migrations that follow each other, and config.toml", async () => {
  await using project = await temporaryProject();
  const { code, output } = await call(project, "add", ...FLAGS, "--yes");
  assert.equal(code, 0);
  const files = await project.files();
  const migrations = Object.keys(files).filter((path) => path.includes("/migrations/")).sort();
  assert.deepEqual(migrations.map((path) => path.replace(/^.*\/\d{14}_/, "")), [
    "file_events.sql",
    "file_events_broadcast.sql",
  ]);
  assert.equal(
    files[`${FUNCTION}/http/cors.ts`],
    await readFile(new URL("functions/file-events/http/cors.ts", OWN), "utf8"),
  );
  assert.match(
    files["supabase/config.toml"]!,
    /^project_id = "mine"\n\n\[functions\.file-events\]/,
  );
  assert.deepEqual(await mappingOf(project), {
    ...DEFAULT_MAPPING,
    table: "documents",
    owner: "created_by",
    fields: { ...DEFAULT_MAPPING.fields, progress: null },
  });
  for (const step of ["supabase db push", "functions deploy file-events", "doctor --url"]) {
    assert.ok(output.includes(step), step);
  }
});

Deno.test("add --new-table writes the table's migration before the others", async () => {
  await using project = await temporaryProject({
    "supabase/config.toml": "",
    "supabase/migrations/20990101000000_mine.sql": "select 1;\n",
  });
  assert.equal((await call(project, "add", "--new-table", "--yes")).code, 0);
  const files = Object.keys(await project.files()).filter((path) => path.includes("/migrations/"));
  assert.deepEqual(files.sort(), [
    "supabase/migrations/20990101000000_mine.sql",
    "supabase/migrations/20990101000001_files.sql",
    "supabase/migrations/20990101000002_file_events.sql",
    "supabase/migrations/20990101000003_file_events_broadcast.sql",
  ]);
});

Deno.test("add has nothing to do when it is called again, with flags or without", async () => {
  await using project = await temporaryProject();
  await call(project, "add", ...FLAGS, "--yes");
  const files = await project.files();
  for (const args of [FLAGS, ["--table", "documents"], []]) {
    const { code, output } = await call(project, "add", ...args);
    assert.equal(code, 0);
    assert.match(output, /Nothing to do/);
  }
  assert.deepEqual(await project.files(), files);
});

Deno.test("add --new-table has nothing to do when it is called again", async () => {
  await using project = await temporaryProject();
  await call(project, "add", "--new-table", "--yes");
  assert.match((await call(project, "add", "--new-table")).output, /Nothing to do/);
});

Deno.test("add --new-table does not create the table again that a removal has left", async () => {
  await using project = await temporaryProject();
  for (const command of [["add", "--new-table"], ["remove"], ["add", "--new-table"]]) {
    assert.equal((await call(project, ...command, "--yes")).code, 0);
  }
  const tables = Object.keys(await project.files()).filter((path) =>
    /\/\d+_files\.sql$/.test(path)
  );
  assert.equal(tables.length, 1);
});

Deno.test("add writes new migrations for other columns, and keeps what was said before", async () => {
  await using project = await temporaryProject();
  await call(project, "add", ...FLAGS, "--yes");
  const before = await project.files();
  assert.equal((await call(project, "add", "--extra", "page_count", "--yes")).code, 0);
  const after = await project.files();
  for (const [path, text] of Object.entries(before)) assert.equal(after[path], text, path);
  assert.equal(Object.keys(after).length, Object.keys(before).length + 2);
  const mapping = await mappingOf(project);
  assert.deepEqual([mapping?.extra, mapping?.owner], [["page_count"], "created_by"]);
});

Deno.test("add says to deploy only what has changed", async () => {
  await using project = await temporaryProject();
  await call(project, "add", ...FLAGS, "--yes");
  const { output } = await call(project, "add", "--extra", "page_count", "--yes");
  assert.match(output, /supabase db push/);
  assert.doesNotMatch(output, /functions deploy|secrets set/);
});

Deno.test("add says what it means that no status is final", async () => {
  await using project = await temporaryProject();
  const { output } = await call(project, "add", ...FLAGS, "--final", "none", "--dry-run");
  assert.match(output, /none, so each row counts as in progress/);
});

Deno.test("add writes nothing with --dry-run, and shows what it would", async () => {
  await using project = await temporaryProject();
  const before = await project.files();
  const { code, output } = await call(project, "add", ...FLAGS, "--dry-run");
  assert.equal(code, 0);
  assert.match(output, /create +supabase\/migrations\/\d{14}_file_events\.sql/);
  assert.match(output, /create +supabase\/functions\/file-events\/ \(\d+ files\)/);
  assert.match(output, /change +supabase\/config\.toml/);
  assert.match(output, /\+ verify_jwt = false/);
  assert.match(output, /created_by/);
  assert.deepEqual(await project.files(), before);
});

Deno.test("add overwrites a file that somebody has changed, and says so before", async () => {
  await using project = await temporaryProject();
  await call(project, "add", ...FLAGS, "--yes");
  await project.write(`${FUNCTION}/jitter.ts`, "// mine\n");
  const asked = await call(project, "add");
  assert.equal(asked.code, 1);
  assert.match(asked.output, /jitter\.ts is not as file-events installed it/);
  assert.equal((await project.files())[`${FUNCTION}/jitter.ts`], "// mine\n");
  await call(project, "add", "--yes");
  assert.notEqual((await project.files())[`${FUNCTION}/jitter.ts`], "// mine\n");
});

Deno.test("add takes a file whose line breaks Git has changed for its own", async () => {
  await using project = await temporaryProject();
  await call(project, "add", ...FLAGS, "--yes");
  for (const [path, text] of Object.entries(await project.files())) {
    await project.write(path, text.replaceAll("\n", "\r\n"));
  }
  const { output } = await call(project, "add");
  assert.match(output, /Nothing to do/);
});

Deno.test("add leaves a file of the user's own in the function's folder", async () => {
  await using project = await temporaryProject();
  await project.write(`${FUNCTION}/notes.md`, "mine");
  const { output } = await call(project, "add", ...FLAGS, "--yes");
  assert.match(output, /notes\.md is not a file of file-events: it stays/);
  assert.equal((await project.files())[`${FUNCTION}/notes.md`], "mine");
});

Deno.test("add repairs an installation that lost parts", async () => {
  await using project = await temporaryProject();
  await call(project, "add", ...FLAGS, "--yes");
  const files = await project.files();
  await project.write("supabase/config.toml", 'project_id = "mine"\n');
  await project.write(`${FUNCTION}/installed.json`, "{");
  await Deno.remove(`${project.path}/${FUNCTION}/index.ts`);
  assert.equal((await call(project, "add", "--yes")).code, 0);
  assert.deepEqual(await project.files(), files);
});

const REFUSALS: [args: string[], code: string, message: RegExp][] = [
  [[], "table-unknown", /--table NAME, with --database-url .* or --new-table/],
  [FLAGS, "not-confirmed", /--yes to write it, or --dry-run/],
  [["--new-table", "--owner", "me"], "new-table-columns", /leave out/],
  [["--table", "a", "--extra", "status"], "mapping-invalid", /field of the protocol/],
  [["--database-url", "mysql://a"], "database-url", /postgresql:\/\//],
];

for (const [args, code, message] of REFUSALS) {
  Deno.test(`add ${args.join(" ")} is refused with ${code} and writes nothing`, async () => {
    await using project = await temporaryProject();
    const before = await project.files();
    const result = await call(project, "add", ...args);
    assert.equal(result.code, 1);
    assert.match(result.errors, message);
    assert.ok(result.errors.endsWith(`(${code})`), result.errors);
    assert.deepEqual(await project.files(), before);
  });
}

Deno.test("add takes the database's URL from the environment too", async () => {
  await using project = await temporaryProject();
  const io = scriptedIo(project.path, undefined, { FILE_EVENTS_DATABASE_URL: "mysql://a" });
  assert.equal(await run(["add", ...FLAGS], io), 1);
  assert.match(io.errors.join("\n"), /\(database-url\)$/);
});

Deno.test("add refuses another table, and an id of another type, while one is streamed", async () => {
  await using project = await temporaryProject();
  await call(project, "add", ...FLAGS, "--yes");
  const other = await call(project, "add", "--table", "uploads", "--yes");
  assert.match(other.errors, /streams public\.documents already.*run remove first.*another-table/);
  const id = await call(project, "add", "--id-type", "bigint", "--yes");
  assert.match(id.errors, /remove-first/);
});

Deno.test("add refuses a project whose Data API hides the schema public", async () => {
  for (const config of ['[api]\nschemas = ["app"]\n', "[api]\nenabled = false\n"]) {
    await using project = await temporaryProject({ "supabase/config.toml": config });
    assert.match((await call(project, "add", "--new-table", "--yes")).errors, /\(api-schema\)/);
  }
});

Deno.test("add refuses migrations of a later version", async () => {
  await using project = await temporaryProject();
  await call(project, "add", ...FLAGS, "--yes");
  for (const [path, text] of Object.entries(await project.files())) {
    await project.write(
      path,
      text.replace(/^-- file-events schema: \d+/m, "-- file-events schema: 99"),
    );
  }
  assert.match((await call(project, "add", "--yes")).errors, /version 99.*newer-installed/);
});

Deno.test("add asks a person for table and columns, and Enter accepts what is shown", async () => {
  await using project = await temporaryProject();
  const answers = [
    ...["", "app.jobs", "", "bigint", "owner_id"],
    ...["title", "none", "", "", "", "", ""],
    ...["result_url", "done, failed", "", "y"],
  ];
  const io = scriptedIo(project.path, answers);
  assert.equal(await run(["add"], io), 0, io.errors.join("\n"));
  assert.match(io.questions[1]!, /\[files\]/);
  assert.equal(io.questions.length, answers.length);
  assert.deepEqual(await mappingOf(project), {
    ...DEFAULT_MAPPING,
    schema: "app",
    table: "jobs",
    idType: "bigint",
    owner: "owner_id",
    fields: { ...DEFAULT_MAPPING.fields, filename: "title", file_type: null },
    extra: ["result_url"],
    finalStatuses: ["done", "failed"],
  });
});

Deno.test("add asks a person whether to create the default table", async () => {
  await using project = await temporaryProject();
  const io = scriptedIo(project.path, ["new", "y"]);
  assert.equal(await run(["add"], io), 0, io.errors.join("\n"));
  const paths = Object.keys(await project.files());
  assert.ok(paths.some((path) => /\/\d{14}_files\.sql$/.test(path)), paths.join("\n"));
});

Deno.test("add asks again after an answer that is no choice", async () => {
  await using project = await temporaryProject();
  const flags = ["--table", "a", "--id", "id", "--owner", "o", "--extra", "none", "--final", "x"];
  const fields = ["filename", "file-type", "status", "progress", "processing-stage"]
    .concat("error-message", "created-at").flatMap((field) => [`--${field}`, "none"]);
  const io = scriptedIo(project.path, ["int", "integer", "", "yes"]);
  assert.equal(await run(["add", ...flags, ...fields], io), 0, io.errors.join("\n"));
  assert.equal((await mappingOf(project))?.idType, "integer");
});

Deno.test("add writes nothing when a person says no", async () => {
  await using project = await temporaryProject();
  const before = await project.files();
  const io = scriptedIo(project.path, ["n"]);
  assert.equal(await run(["add", "--new-table"], io), 1);
  assert.match(io.errors.join("\n"), /Nothing was written/);
  assert.deepEqual(await project.files(), before);
});

Deno.test("add takes no migration of the user's own for one of ours", async () => {
  const path = "supabase/migrations/20250101000000_file_events.sql";
  await using project = await temporaryProject({
    "supabase/config.toml": "",
    [path]: "create table public.file_events (id int);\n",
  });
  assert.match((await call(project, "upgrade")).errors, /not-installed/);
  assert.match((await call(project, "remove")).output, /Nothing to do/);
  assert.equal((await call(project, "add", ...FLAGS, "--yes")).code, 0);
  assert.equal((await project.files())[path], "create table public.file_events (id int);\n");
});

Deno.test("add names the migration whose mapping somebody has broken", async () => {
  await using project = await temporaryProject();
  await call(project, "add", ...FLAGS, "--yes");
  const [path, text] = Object.entries(await project.files())
    .find(([path]) => path.endsWith("_file_events.sql"))!;
  await project.write(path, text.replace(/(-- file-events mapping: ).*/, "$1{"));
  const { errors } = await call(project, "add", "--extra", "pages", "--yes");
  assert.match(errors, /\d{14}_file_events\.sql was changed.*restore it.*mapping-invalid/);
});

Deno.test("add refuses a file where a folder should be, by its path", async () => {
  for (const path of ["supabase/migrations", FUNCTION]) {
    await using project = await temporaryProject({ "supabase/config.toml": "", [path]: "mine" });
    const { code, errors } = await call(project, "add", ...FLAGS, "--yes");
    assert.equal(code, 1);
    assert.match(errors, new RegExp(`${path} \\(ENOTDIR\\).*\\(cannot-read\\)`));
  }
});

Deno.test("add refuses an empty URL of the database, and takes an empty variable for none", async () => {
  await using project = await temporaryProject();
  const { errors } = await call(project, "add", ...FLAGS, "--database-url", "", "--yes");
  assert.match(errors, /database-url/);
  const io = scriptedIo(project.path, undefined, { FILE_EVENTS_DATABASE_URL: "" });
  assert.equal(await run(["add", ...FLAGS, "--dry-run"], io), 0);
});

Deno.test("add replaces a file as a whole, keeps its mode, and writes through a link", async () => {
  await using project = await temporaryProject();
  await project.write("config/mine.toml", 'project_id = "mine"\n');
  const [target, link] = [
    `${project.path}/config/mine.toml`,
    `${project.path}/supabase/config.toml`,
  ];
  await Deno.chmod(target, 0o640);
  await Deno.remove(link);
  await Deno.symlink("../config/mine.toml", link);
  // Who reads the old file meanwhile reads all of it.
  using old = await Deno.open(target);
  assert.equal((await call(project, "add", ...FLAGS, "--yes")).code, 0);
  assert.equal(await new Response(old.readable).text(), 'project_id = "mine"\n');
  assert.match(await Deno.readTextFile(target), /file-events/);
  assert.equal((await Deno.lstat(link)).isSymlink, true);
  assert.equal((await Deno.stat(target)).mode! & 0o777, 0o640);
  const parts = Object.keys(await project.files()).filter((path) => path.endsWith(".part"));
  assert.deepEqual(parts, []);
});
