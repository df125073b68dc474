import assert from "node:assert/strict";
import { run } from "../../../../setup/run.ts";
import { parseArguments } from "../../../../setup/doctor/parse_arguments.ts";
import { scriptedIo } from "../../scripted_io.ts";

const good = ["--url", "https://abc.supabase.co/", "--key", "sb_publishable_x", "--token", "a.b.c"];

Deno.test("parseArguments() takes the default mapping for granted without flags", () => {
  const { url, mapping, canary, timeoutMs } = parseArguments(good);
  assert.deepEqual([url, mapping, canary, timeoutMs], [
    "https://abc.supabase.co",
    undefined,
    {},
    undefined,
  ]);
});

Deno.test("parseArguments() reads a mapping from flags", () => {
  const flags = ["--table", "app.jobs", "--id-type", "bigint", "--owner", "created_by"];
  const { mapping } = parseArguments([
    ...good,
    ...flags,
    "--filename",
    "title",
    "--file-type",
    "none",
  ]);
  assert.deepEqual([mapping?.schema, mapping?.table, mapping?.idType, mapping?.owner], [
    "app",
    "jobs",
    "bigint",
    "created_by",
  ]);
  assert.deepEqual([mapping?.fields.filename, mapping?.fields.file_type], ["title", null]);
});

const secret = "sb_secret_do-not-print-me";
const badArguments: readonly [what: string, args: string[], says: RegExp][] = [
  ["no URL", ["--key", "k", "--token", "t"], /--url/],
  ["a URL that is none", ["--url", "abc", "--key", "k", "--token", "t"], /--url/],
  ["a secret key", ["--url", "https://a.co", "--key", secret, "--token", "t"], /secret key/],
  ["neither email nor token, and nobody to ask,", good.slice(0, 4), /--email/],
  ["both email and token", [...good, "--email", "a@b.co"], /either/],
  ["an origin with a path", [...good, "--origin", "https://a.co/b"], /--origin/],
  ["a canary that is no object", [...good, "--canary", "[1]"], /--canary/],
  ["a timeout that is no number", [...good, "--timeout", "soon"], /--timeout/],
  ["an id of another type", [...good, "--id-type", "money"], /idType/],
  ["a database URL that is none", [...good, "--database-url", secret], /--database-url/],
  ["an unknown option", [...good, "--passphrase=" + secret], /--passphrase/],
  ["a stray word", [...good, secret], /arguments/],
];

for (const [what, args, says] of badArguments) {
  Deno.test(`doctor with ${what} ends with 2 and says what is wrong`, async () => {
    const io = scriptedIo("/");
    assert.equal(await run(["doctor", ...args], io), 2);
    assert.match(io.errors[0]!, says);
    assert.doesNotMatch(io.errors.join(), /do-not-print-me/);
  });
}

Deno.test("doctor without a password, and nobody to ask, ends with 2", async () => {
  const io = scriptedIo("/");
  const args = ["--url", "https://a.co", "--key", "k", "--email", "a@b.co"];
  assert.equal(await run(["doctor", ...args], io), 2);
  assert.match(io.errors[0]!, /FILE_EVENTS_DOCTOR_PASSWORD/);
});

Deno.test("parseArguments() takes the database's URL of the environment, unless a flag says one", () => {
  const env = { FILE_EVENTS_DATABASE_URL: "postgresql://a@one.example/db" };
  assert.equal(parseArguments(good, env).databaseUrl, "postgresql://a@one.example/db");
  const flag = ["--database-url", "postgresql://a@two.example/db"];
  assert.equal(
    parseArguments([...good, ...flag], env).databaseUrl,
    "postgresql://a@two.example/db",
  );
  const broken = { FILE_EVENTS_DATABASE_URL: "hunter2@host" };
  assert.throws(
    () => parseArguments(good, broken),
    /^UsageError: --database-url must look like/,
  );
});
