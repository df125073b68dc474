import assert from "node:assert/strict";
import { exampleFile, startClientStage, TOKEN } from "./client_stage.ts";
import { FakeAuth, tokenOf } from "./fake_auth.ts";

Deno.test("the token is in the header, and is asked for at each attempt (SPEC 1)", async () => {
  let tokens = 0;
  using stage = startClientStage({ options: { getToken: () => tokenOf("ada", ++tokens) } });
  const first = await stage.request();
  assert.equal(first.url.href, "https://project.example/functions/v1/file-events?");
  assert.equal(first.headers.get("apikey"), "publishable");
  // Else a browser lets a second tab wait for the end of the first one's answer.
  assert.equal(first.cache, "no-store");
  assert.equal(first.token, tokenOf("ada", 1));
  first.cut();
  await stage.clock.advance(1_000);
  assert.equal((await stage.request()).token, tokenOf("ada", 2));
});

Deno.test("files that are asked for by id are in the URL", async () => {
  using stage = startClientStage({ options: { fileIds: ["1", "a b"] } });
  assert.deepEqual((await stage.request()).url.searchParams.getAll("file_id"), ["1", "a b"]);
});

Deno.test("after a 401 a fresh token is asked for once, then the client is signed out, and quiet (SPEC 2)", async () => {
  const asked: boolean[] = [];
  using stage = startClientStage({
    options: {
      getToken: ({ fresh }) => {
        asked.push(fresh);
        return tokenOf("ada", asked.length);
      },
    },
  });
  (await stage.request()).refuse(401, 'data: {"error":"…","code":"AUTH_EXPIRED"}\n\n');
  const second = await stage.request();
  assert.equal(second.token, tokenOf("ada", 2), "another token than the refused one");
  second.refuse(401, '{"code": "AUTH_INVALID"}');
  await stage.clock.advance(3_600_000);
  assert.equal(stage.requests.length, 2);
  assert.deepEqual(stage.states.at(-1), "signed-out (AUTH_INVALID)");
  assert.equal(stage.clock.pending, 0, "no timer");
});

Deno.test("a stream that was open in between gives another refresh (SPEC 2)", async () => {
  const auth = new FakeAuth(tokenOf("ada", 1));
  using stage = startClientStage({ options: { supabase: auth.client, getToken: undefined } });
  for (const next of [2, 3]) {
    auth.refreshed = tokenOf("ada", next);
    (await stage.request()).refuse(401);
    const renewed = await stage.request();
    assert.equal(renewed.token, tokenOf("ada", next));
    renewed.begin().snapshot([], "c.1");
    await stage.settle();
    renewed.end();
    await stage.clock.advance(1_000);
  }
});

Deno.test("a sign-in after a sign-out gives another refresh (SPEC 2)", async () => {
  const auth = new FakeAuth(tokenOf("ada", 1), tokenOf("ada", 2));
  using stage = startClientStage({ options: { supabase: auth.client, getToken: undefined } });
  (await stage.request()).refuse(401);
  (await stage.request()).refuse(401);
  await stage.settle();
  auth.refreshed = tokenOf("ada", 4);
  auth.report("SIGNED_IN", tokenOf("ada", 3));
  (await stage.request()).refuse(401);
  assert.equal((await stage.request()).token, tokenOf("ada", 4));
});

Deno.test("reconnect() sends a token that was refused once more, and refreshes it once more (SPEC 2)", async () => {
  const auth = new FakeAuth(tokenOf("ada", 1), tokenOf("ada", 2));
  using stage = startClientStage({ options: { supabase: auth.client, getToken: undefined } });
  (await stage.request()).refuse(401);
  (await stage.request()).refuse(401);
  await stage.settle();
  stage.files.reconnect();
  const again = await stage.request();
  assert.equal(again.token, tokenOf("ada", 2));
  auth.refreshed = tokenOf("ada", 3);
  again.refuse(401);
  assert.equal((await stage.request()).token, tokenOf("ada", 3));
});

Deno.test("a token that was refused is never sent again (SPEC 2)", async () => {
  using stage = startClientStage();
  (await stage.request()).refuse(401);
  await stage.settle();
  assert.equal(stage.requests.length, 1, "getToken has no other");
  assert.equal(stage.states.at(-1), "signed-out (status-401)");
});

Deno.test("reconnect() tries again after a sign-in with getToken (SPEC 2)", async () => {
  let token: string | null = null;
  using stage = startClientStage({ options: { getToken: () => token } });
  await stage.settle();
  assert.deepEqual(stage.states, ["loading", "signed-out"]);
  token = TOKEN;
  stage.files.reconnect();
  (await stage.request()).begin().snapshot([], "c.1");
  await stage.settle();
  assert.equal(stage.states.at(-1), "live");
});

Deno.test("supabase-js is asked for the session, and for a fresh one after a 401 (SPEC 2)", async () => {
  const auth = new FakeAuth(tokenOf("ada", 1), tokenOf("ada", 2));
  using stage = startClientStage({ options: { supabase: auth.client, getToken: undefined } });
  (await stage.request()).refuse(401);
  assert.equal((await stage.request()).token, tokenOf("ada", 2));
  assert.deepEqual(auth.calls, ["getSession", "getSession", "refreshSession"]);
});

for (
  const [status, outcome] of [[400, "signed-out"], [403, "signed-out"], [undefined, "loading"], [
    429,
    "loading",
  ], [503, "loading"]] as const
) {
  Deno.test(`a refresh that fails with ${status} means ${outcome} (SPEC 3)`, async () => {
    const auth = new FakeAuth(tokenOf("ada", 1), null);
    using stage = startClientStage({ options: { supabase: auth.client, getToken: undefined } });
    const first = await stage.request();
    auth.error = status === undefined ? {} : { status };
    first.refuse(401, '"code":"AUTH_EXPIRED"');
    await stage.settle();
    const reason = outcome === "loading" ? "token" : "AUTH_EXPIRED";
    assert.equal(stage.states.at(-1), `${outcome} (${reason})`);
    // An outage ends.
    auth.error = null;
    auth.refreshed = tokenOf("ada", 2);
    await stage.clock.advance(5_000);
    assert.equal(stage.requests.length, outcome === "loading" ? 2 : 1);
  });
}

Deno.test("an outage of whatever gives tokens is no sign-out (SPEC 3)", async () => {
  let isOut = true;
  const getToken = () => {
    if (isOut) throw new Error("no network");
    return TOKEN;
  };
  using stage = startClientStage({ options: { getToken } });
  await stage.settle();
  assert.deepEqual(stage.states, ["loading", "loading (token)"]);
  isOut = false;
  await stage.clock.advance(1_000);
  assert.equal(stage.requests.length, 1);
});

for (
  const [status, body, reason] of [
    [502, "<html>Bad Gateway</html>", "status-502"],
    [404, '{"code":"NOT_FOUND","message":"…"}', "NOT_FOUND"],
    [503, '{"error":"…","code":"OVERLOADED"}', "OVERLOADED"],
    [403, "", "status-403"],
  ] as const
) {
  Deno.test(`an answer ${status} is repeated later (SPEC 3)`, async () => {
    using stage = startClientStage();
    (await stage.request()).refuse(status, body);
    await stage.settle();
    assert.equal(stage.states.at(-1), `loading (${reason})`);
    await stage.clock.advance(2_000);
    assert.equal(stage.requests.length, 2);
  });
}

for (
  const [status, code] of [
    [400, "INVALID_PARAMETER"],
    [405, "METHOD_NOT_ALLOWED"],
    [414, "URI_TOO_LONG"],
  ] as const
) {
  Deno.test(`an answer ${status} is not repeated until reconnect() (SPEC 4)`, async () => {
    using stage = startClientStage();
    (await stage.request()).refuse(status, JSON.stringify({ code }));
    await stage.clock.advance(3_600_000);
    assert.equal(stage.states.at(-1), `refused (${code})`);
    assert.equal(stage.requests.length, 1);
    await assert.rejects(stage.files.done("1"), { code: "refused" });
    stage.files.reconnect();
    await stage.settle();
    assert.equal(stage.requests.length, 2);
  });
}

Deno.test("`retry:` is a floor, to which a random share of a growing backoff is added (SPEC 5)", async () => {
  using stage = startClientStage({ random: () => 0.5 });
  const first = await stage.request();
  first.begin().write("retry: 2000\n").snapshot([], "c.1");
  await stage.settle();
  first.cut();
  for (const wait of [2_500, 3_000, 4_000, 6_000, 10_000, 18_000, 32_000, 32_000]) {
    const before = stage.requests.length;
    await stage.clock.advance(wait - 1);
    assert.equal(stage.requests.length, before);
    await stage.clock.advance(1);
    assert.equal(stage.requests.length, before + 1, `after ${wait} ms`);
    stage.requests.at(-1)!.cut();
    await stage.settle();
  }
});

Deno.test("`ready` begins the backoff anew (SPEC 5)", async () => {
  using stage = startClientStage({ random: () => 0.999 });
  for (let attempt = 0; attempt < 4; attempt++) {
    (await stage.request()).cut();
    await stage.clock.advance(60_000);
  }
  const last = await stage.request();
  last.begin().snapshot([], "c.1");
  await stage.settle();
  last.end();
  await stage.settle();
  const before = stage.requests.length;
  await stage.clock.advance(1_500);
  assert.equal(stage.requests.length, before + 1);
});

for (const [header, ms] of [["120", 120_000], ["1e9", 3_600_000]] as const) {
  Deno.test(`Retry-After: ${header} is a floor, of an hour at most (SPEC 5)`, async () => {
    using stage = startClientStage();
    (await stage.request()).refuse(503, "", { "retry-after": header });
    await stage.settle();
    stage.changeVisibility();
    await stage.clock.advance(ms - 1);
    assert.equal(stage.requests.length, 1, "becoming visible doesn't shorten it");
    await stage.clock.advance(1);
    assert.equal(stage.requests.length, 2);
  });
}

Deno.test("a page that becomes visible, or gets its network back, doesn't wait for the backoff (SPEC 5)", async () => {
  using stage = startClientStage({ random: () => 0.999 });
  (await stage.request()).cut();
  await stage.settle();
  stage.changeVisibility();
  await stage.clock.advance(500);
  assert.equal(stage.requests.length, 2);
  stage.requests[1]!.cut();
  await stage.clock.advance(600);
  assert.equal(stage.requests.length, 2);
  stage.setOnline(true);
  await stage.settle();
  assert.equal(stage.requests.length, 3);
});

Deno.test("a connection that says nothing for a minute is given up (SPEC 6)", async () => {
  using stage = startClientStage();
  (await stage.request()).begin().snapshot([], "c.1");
  await stage.clock.advance(55_000);
  stage.requests[0]!.write(":\n");
  await stage.clock.advance(55_000);
  assert.equal(stage.requests.length, 1, "a comment is a sign of life");
  await stage.clock.advance(10_000);
  assert.equal(stage.requests.length, 2);
  assert.ok(stage.requests[0]!.signal.aborted);
  assert.equal(stage.states.at(-1), "reconnecting (silence)");
});

for (const phase of ["token", "answer"]) {
  Deno.test(`a ${phase} that doesn't come is given up after 20 s (SPEC 6)`, async () => {
    const never = new Promise<string>(() => {});
    using stage = startClientStage(phase === "token" ? { options: { getToken: () => never } } : {});
    await stage.clock.advance(20_000);
    const reason = phase === "token" ? "token" : "silence";
    assert.deepEqual(stage.states, ["loading", `loading (${reason})`]);
  });
}

Deno.test("after a day of sleep the connection is replaced at once (SPEC 6)", async () => {
  using stage = startClientStage();
  (await stage.request()).begin().snapshot([], "c.1");
  await stage.settle();
  await stage.sleep(86_400_000);
  await stage.clock.advance(5_000);
  assert.equal(stage.requests.length, 2);
  assert.equal(stage.requests[1]!.headers.get("last-event-id"), "c.1");
});

Deno.test("a page whose timers stood still replaces a dead connection once it is shown (SPEC 6)", async () => {
  using stage = startClientStage();
  (await stage.request()).begin().snapshot([], "c.1");
  await stage.settle();
  await stage.sleep(61_000);
  stage.changeVisibility();
  await stage.clock.advance(5_000);
  assert.equal(stage.requests.length, 2);
});

Deno.test("a loss of the network ends the stream, and its return opens the next one (SPEC 6)", async () => {
  using stage = startClientStage({ random: () => 0.999 });
  (await stage.request()).begin().snapshot([], "c.1");
  await stage.settle();
  stage.setOnline(false);
  await stage.settle();
  assert.ok(stage.requests[0]!.signal.aborted);
  assert.equal(stage.states.at(-1), "offline (network)");
  await stage.clock.advance(600);
  stage.setOnline(true);
  (await stage.request()).begin();
  await stage.settle();
  assert.equal(stage.requests.length, 2);
  assert.equal(stage.states.at(-1), "reconnecting (network)");
});

Deno.test("an offline start shows it, and loads when the network is there (SPEC 6)", async () => {
  using stage = startClientStage({ isOnline: false });
  (await stage.request()).cut();
  await stage.clock.advance(600);
  assert.equal(stage.states.at(-1), "offline (network)");
  stage.setOnline(true);
  (await stage.request()).begin().snapshot([exampleFile("1")], "c.1");
  await stage.settle();
  assert.deepEqual(stage.names(), ["1.txt"]);
});

Deno.test("a clock that is set back an hour changes nothing (SPEC 6)", async () => {
  using stage = startClientStage();
  (await stage.request()).begin().snapshot([], "c.1");
  await stage.settle();
  stage.clock.jump(-3_600_000);
  await stage.clock.advance(55_000);
  assert.equal(stage.requests.length, 1);
  await stage.clock.advance(15_000);
  assert.equal(stage.requests.length, 2, "the silence is noticed all the same");
});

Deno.test("each `closing` is obeyed: the next attempt resumes after `retry:` (SPEC 5)", async () => {
  for (const reason of ["max-duration", "setup-required", "a reason of a later version"]) {
    using stage = startClientStage();
    const first = await stage.request();
    first.begin().snapshot([], "c.1").write("retry: 300000\n").send({
      eventType: "closing",
      reason,
    });
    await stage.clock.advance(299_999);
    assert.equal(stage.states.at(-1), `reconnecting (${reason})`);
    assert.equal(stage.requests.length, 1);
    await stage.clock.advance(1);
    assert.equal(stage.requests[1]!.headers.get("last-event-id"), "c.1");
  }
});

Deno.test("after closing: token-expired another token is used (SPEC 2)", async () => {
  const auth = new FakeAuth(tokenOf("ada", 1), tokenOf("ada", 2));
  using stage = startClientStage({ options: { supabase: auth.client, getToken: undefined } });
  (await stage.request()).begin().snapshot([], "c.1")
    .send({ eventType: "closing", reason: "token-expired" });
  await stage.clock.advance(1_000);
  assert.equal(stage.requests[1]!.token, tokenOf("ada", 2));
});

Deno.test("a getToken that keeps its old token is never sent with it again", async () => {
  // It returns another token when it is told to, and forgets it.
  const getToken = ({ fresh }: { fresh: boolean }) => tokenOf("ada", fresh ? 2 : 1);
  using stage = startClientStage({ options: { getToken } });
  (await stage.request()).refuse(401);
  const second = await stage.request();
  second.begin().snapshot([], "c.1").cut();
  await stage.clock.advance(1_000);
  (await stage.request()).refuse(401);
  await stage.settle();
  const sent = stage.requests.map(({ token }) => token);
  assert.equal(sent.filter((token) => token === tokenOf("ada", 1)).length, 1);
});

Deno.test("a live stream of a browser that takes itself for offline survives a change of tabs", async () => {
  // As with a local Supabase on a train, or a VPN that the browser doesn't see.
  using stage = startClientStage({ isOnline: false });
  (await stage.request()).begin().snapshot([], "c.1");
  await stage.settle();
  assert.equal(stage.states.at(-1), "live");
  stage.changeVisibility();
  await stage.settle();
  assert.equal(
    stage.states.at(-1),
    "live",
    "SPEC.md says that a page that is hidden changes nothing",
  );
});

Deno.test("a refused refresh means signed-out, though supabase-js throws it (its option throwOnError)", async () => {
  const { auth } = new FakeAuth(tokenOf("ada")).client;
  const refusal = Object.assign(new Error("Invalid Refresh Token"), { status: 400 });
  const supabase = { auth: { ...auth, refreshSession: () => Promise.reject(refusal) } };
  using stage = startClientStage({ options: { supabase, getToken: undefined } });
  (await stage.request()).refuse(401);
  await stage.settle();
  assert.equal(stage.states.at(-1), "signed-out (status-401)");
});
