import assert from "node:assert/strict";
import { createClient } from "@supabase/supabase-js";
import { legacyKey } from "../../local/api_keys.ts";
import { demoUsers, signIn } from "../../local/demo_users.ts";
import { startStack } from "../../local/stack.ts";

Deno.test("the gateway", async (t) => {
  await using stack = await startStack({
    withFunction: false,
    log: (line) => assert.fail(line),
    page: (request) => new Response(`page at ${new URL(request.url).pathname}`),
  });
  const { url, publishableKey, secretKey } = stack;
  const [ada, grace] = await Promise.all(demoUsers.map((user) => signIn(stack, user)));
  const rest = (init: RequestInit = {}) => fetch(`${url}/rest/v1/files?select=id,user_id`, init);
  const code = async (response: Response) => (await response.json()).code;

  await t.step("refuses a request without an API key or with a wrong one", async () => {
    const answers = await Promise.all([
      rest(),
      rest({ headers: { authorization: `Bearer ${ada}` } }),
      rest({ headers: { apikey: "sb_publishable_wrong" } }),
    ]);
    assert.deepEqual(answers.map(({ status }) => status), [401, 401, 401]);
    assert.match((await answers[0]!.json()).message, /No API key found/);
    await Promise.all(answers.slice(1).map((answer) => answer.body?.cancel()));
  });

  await t.step("refuses a forged token", async () => {
    const headers = { apikey: publishableKey, authorization: `Bearer ${ada!.slice(0, -4)}AAAA` };
    assert.equal(await code(await rest({ headers })), "PGRST301");
  });

  await t.step("takes an API key in the bearer's place, in both forms", async () => {
    const legacySecret = await legacyKey(secretKey);
    const statuses = [];
    for (const key of [secretKey, legacySecret]) {
      const answer = await rest({ headers: { apikey: key, authorization: `Bearer ${key}` } });
      statuses.push(answer.status);
      await answer.body?.cancel();
    }
    assert.deepEqual(statuses, [200, 200]);
  });

  await t.step("lets browsers of any origin call auth and rest", async () => {
    for (const path of ["/rest/v1/files", "/auth/v1/token?grant_type=password"]) {
      const preflight = await fetch(url + path, {
        method: "OPTIONS",
        headers: {
          origin: "https://app.example.com",
          "access-control-request-method": "POST",
          "access-control-request-headers": "apikey,authorization,content-type",
        },
      });
      assert.equal(preflight.status, 200);
      assert.equal(preflight.headers.get("access-control-allow-origin"), "*");
      assert.match(preflight.headers.get("access-control-allow-headers")!, /authorization/);
      const answer = await fetch(url + path, { method: "POST", headers: { apikey: "wrong" } });
      assert.equal(answer.headers.get("access-control-allow-origin"), "*");
      await answer.body?.cancel();
    }
  });

  await t.step("writes times as PostgREST does", async () => {
    const client = createClient(url, secretKey, { auth: { persistSession: false } });
    const { data, error } = await client.from("files")
      .insert({ user_id: sub(ada!), filename: "a.txt", file_type: "text/plain" })
      .select("created_at").single();
    assert.equal(error, null);
    assert.match(data!.created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00$/);
    await client.from("files").delete().eq("user_id", sub(ada!));
  });

  await t.step("keeps 240 overlapping requests of two users apart", async () => {
    let foreign = 0;
    let own = 0;
    await Promise.all(Array.from({ length: 120 }, async (_, index) => {
      const token = index % 2 === 0 ? ada! : grace!;
      const headers = {
        apikey: publishableKey,
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        prefer: "return=representation",
      };
      const file = { user_id: sub(token), filename: `${index}.txt`, file_type: "text/plain" };
      const inserted = await rest({ method: "POST", headers, body: JSON.stringify(file) });
      const listed = await rest({ headers });
      for (const row of [...await inserted.json(), ...await listed.json()]) {
        if (row.user_id === sub(token)) own++;
        else foreign++;
      }
    }));
    assert.equal(foreign, 0);
    assert.ok(own >= 240, `${own} rows`);
    const [{ count }] = await stack.database.query<{ count: number }>(
      "select count(*) from files",
    ) as [{ count: number }];
    assert.equal(count, 120);
  });

  await t.step("does not let a client that hangs up leave a transaction open", async () => {
    const headers = { apikey: publishableKey, authorization: `Bearer ${ada}` };
    await Promise.all(Array.from({ length: 20 }, async () => {
      const controller = new AbortController();
      const answer = rest({ headers, signal: controller.signal });
      controller.abort();
      await assert.rejects(answer);
    }));
    assert.deepEqual(
      await stack.database.query("select current_user as role, pg_current_xact_id_if_assigned()"),
      [{ role: "postgres", pg_current_xact_id_if_assigned: null }],
    );
  });

  await t.step("gives the page whatever is not Supabase's", async () => {
    for (const path of ["/", "/page.js", "/functions/v1/other"]) {
      assert.equal(await (await fetch(url + path)).text(), `page at ${path}`);
    }
  });

  await t.step("answers 503 while the function does not run", async () => {
    const answer = await fetch(`${url}/functions/v1/file-events`);
    assert.equal(answer.status, 503);
    assert.equal(await code(answer), "FUNCTION_UNAVAILABLE");
  });

  await t.step("answers 426 to a plain request at the WebSocket's path", async () => {
    const answer = await fetch(`${url}/realtime/v1/websocket?apikey=${publishableKey}`);
    assert.equal(answer.status, 426);
    assert.equal(await code(answer), "UPGRADE_REQUIRED");
  });

  await t.step("explains what faults there are", async () => {
    const post = (body: string, type = "application/json") =>
      fetch(`${url}/_local/realtime`, { method: "POST", headers: { "content-type": type }, body });
    for (const body of ["", "{}", "null", `{"fault":"flood"}`, `{"fault":"drop","until":"up"}`]) {
      const answer = await post(body);
      assert.equal(answer.status, 400, body);
      assert.equal(await code(answer), "INVALID_FAULT");
    }
    const plain = await post(`{"fault":"drop"}`, "text/plain");
    assert.equal(plain.status, 400);
    await plain.body?.cancel();
    const other = await fetch(`${url}/_local/realtime`, { method: "DELETE" });
    assert.equal(other.status, 405);
    await other.body?.cancel();
    const counts = await fetch(`${url}/_local/realtime`);
    assert.deepEqual(await counts.json(), { sockets: 0, channels: 0 });
  });
});

function sub(token: string): string {
  return JSON.parse(atob(token.split(".")[1]!)).sub;
}
