import assert from "node:assert/strict";
import { App } from "@supabase/lite";
import { openPglite } from "./pglite_database.ts";
import { migrations, readSql } from "../../local/postgres/supabase_database.ts";

const { database, session } = await openPglite([...migrations, "seed.sql"]);
Deno.test.afterAll(() => database.close());

const users = [
  { id: "11111111-1111-4111-8111-111111111111", email: "ada@example.com" },
  { id: "22222222-2222-4222-8222-222222222222", email: "grace@example.com" },
];

async function signIn(email: string, password: string): Promise<Response> {
  const app = new App({ connection: database.connection });
  return await app.fetch(
    new Request("http://127.0.0.1/auth/v1/token?grant_type=password", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ email, password }),
    }),
  );
}

for (const { id, email } of users) {
  Deno.test(`seed.sql lets ${email} sign in`, async () => {
    const response = await signIn(email, "file-events");
    const { user, access_token } = await response.json();
    assert.equal(response.status, 200);
    assert.equal(user.id, id);
    assert.equal(typeof access_token, "string");
  });
}

Deno.test("seed.sql lets nobody in with another password", async () => {
  const response = await signIn("ada@example.com", "file-event");
  await response.body?.cancel();
  assert.equal(response.status, 400);
});

Deno.test("seed.sql can be run again", async () => {
  await session.query(await readSql("seed.sql"));
  const found = await session.query("select id, email from auth.users order by id");
  assert.deepEqual(found, users);
  assert.equal((await session.query("select from auth.identities")).length, 2);
});

Deno.test("seed.sql sets what Supabase Auth reads: the instance, and tokens that are not null", async () => {
  await session.query("delete from auth.users; alter table auth.users add column instance_id uuid");
  await session.query(await readSql("seed.sql"));
  const found = await session.query(`
    select distinct instance_id, confirmation_token, recovery_token, email_change,
      email_change_token_new, email_change_token_current, phone_change, phone_change_token,
      reauthentication_token
    from auth.users
  `);
  await session.query("alter table auth.users drop column instance_id");
  assert.deepEqual(found, [{
    instance_id: "00000000-0000-0000-0000-000000000000",
    confirmation_token: "",
    recovery_token: "",
    email_change: "",
    email_change_token_new: "",
    email_change_token_current: "",
    phone_change: "",
    phone_change_token: "",
    reauthentication_token: "",
  }]);
});
