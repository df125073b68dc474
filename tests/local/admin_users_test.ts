import assert from "node:assert/strict";
import { createClient } from "@supabase/supabase-js";
import { startStack } from "../../local/stack.ts";

Deno.test("the admin API for users", async (t) => {
  await using stack = await startStack({ withFunction: false });
  const { url, publishableKey, secretKey } = stack;
  const options = {
    auth: { persistSession: false, autoRefreshToken: false, detectSessionInUrl: false },
  };
  const { auth: { admin } } = createClient(url, secretKey, options);
  const credentials = { email: "new@example.com", password: "file-events" };

  await t.step("creates a user who can sign in, and deletes it with its files", async () => {
    const { data: { user } } = await admin.createUser({ ...credentials, email_confirm: true });
    assert.equal(user!.email, credentials.email);
    const supabase = createClient(url, publishableKey, options);
    assert.equal((await supabase.auth.signInWithPassword(credentials)).error, null);
    const file = { filename: "a.pdf", file_type: "application/pdf" };
    assert.equal((await supabase.from("files").insert(file)).error, null);

    assert.equal((await admin.deleteUser(user!.id)).error, null);
    assert.equal((await supabase.auth.signInWithPassword(credentials)).data.session, null);
    const files = await stack.database.query("select from files where user_id = $1", [user!.id]);
    assert.deepEqual(files, []);
  });

  await t.step("refuses every key but the secret one", async () => {
    const { auth: { admin: other } } = createClient(url, publishableKey, options);
    const { error } = await other.createUser(credentials);
    assert.deepEqual([error!.status, error!.code], [403, "not_admin"]);
  });

  await t.step("says when there is no such user", async () => {
    const { error } = await admin.deleteUser(crypto.randomUUID());
    assert.deepEqual([error!.status, error!.code], [404, "user_not_found"]);
  });

  await t.step("has nothing else to offer", async () => {
    const { error } = await admin.listUsers();
    assert.deepEqual([error!.status, error!.code], [405, "method_not_allowed"]);
  });
});
