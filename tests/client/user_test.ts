import assert from "node:assert/strict";
import { unsignedToken } from "../support/access_tokens.ts";
import { exampleFile, startClientStage, TOKEN } from "./client_stage.ts";
import { FakeAuth, tokenOf } from "./fake_auth.ts";

/** A client of supabase-js's user Ada, with one file shown. */
async function adasClient(stageOptions = {}) {
  const auth = new FakeAuth(tokenOf("ada"));
  const stage = startClientStage({
    options: { supabase: auth.client, getToken: undefined },
    ...stageOptions,
  });
  const request = await stage.request();
  request.begin().snapshot([exampleFile("ada")], "a.1");
  await stage.settle();
  stage.frame();
  assert.deepEqual(stage.names(), ["ada.txt"]);
  return { auth, stage, request };
}

Deno.test("a sign-out empties the list at once, ends the stream, and is quiet (SPEC 12)", async () => {
  const { auth, stage, request } = await adasClient({ hasFrames: true });
  using _ = stage;
  auth.report("SIGNED_OUT", null);
  assert.deepEqual(stage.names(), [], "without a frame");
  assert.equal(stage.files.connection.value.state, "signed-out");
  assert.ok(request.signal.aborted);
  await stage.clock.advance(3_600_000);
  stage.frame();
  assert.deepEqual(stage.names(), []);
  assert.equal(stage.requests.length, 1);
});

Deno.test("another user's sign-in drops the files and the id of the first (SPEC 12)", async () => {
  const { auth, stage, request } = await adasClient({ hasFrames: true });
  using _ = stage;
  auth.report("SIGNED_IN", tokenOf("grace"));
  assert.deepEqual(stage.names(), []);
  assert.ok(request.signal.aborted);
  const second = await stage.request();
  assert.equal(second.token, tokenOf("grace"));
  assert.equal(second.headers.get("last-event-id"), "");
  await stage.settle();
  stage.frame();
  assert.equal(stage.files.connection.value.state, "loading");
});

Deno.test("what has come of a snapshot is dropped with the files (SPEC 12)", async () => {
  const { auth, stage, request } = await adasClient();
  using _ = stage;
  request.send({ eventType: "reset" }, "none");
  request.send({ eventType: "file-update", file: exampleFile("ada 2") });
  await stage.settle();
  auth.report("SIGNED_IN", tokenOf("grace"));
  (await stage.request()).begin().send({ eventType: "ready" }, "g.1");
  await stage.settle();
  assert.deepEqual(stage.names(), []);
});

Deno.test("another user's token from getToken drops the files of the first (SPEC 12)", async () => {
  let user = "ada";
  using stage = startClientStage({ options: { getToken: () => tokenOf(user) } });
  const first = await stage.request();
  first.begin().snapshot([exampleFile("ada")], "a.1");
  await stage.settle();
  user = "grace";
  first.cut();
  await stage.clock.advance(1_000);
  assert.deepEqual(stage.names(), []);
  assert.equal(stage.requests[1]!.headers.get("last-event-id"), "");
});

Deno.test("another user drops the files while nobody listens too (SPEC 12)", async () => {
  const auth = new FakeAuth(tokenOf("ada"));
  using stage = startClientStage({
    options: { supabase: auth.client, getToken: undefined },
    isIdle: true,
  });
  const stop = stage.files.subscribe(() => {});
  (await stage.request()).begin().snapshot([exampleFile("ada")], "a.1");
  await stage.settle();
  stop();
  await stage.clock.advance(5_000);
  auth.report("TOKEN_REFRESHED", tokenOf("grace"));
  assert.deepEqual(stage.names(), []);
  auth.report("SIGNED_OUT", null);
  auth.report("SIGNED_IN", tokenOf("grace"));
  auth.report("SIGNED_IN", tokenOf("ada"));
  await stage.settle();
  assert.equal(stage.requests.length, 1, "nobody listens");
  auth.report("SIGNED_OUT", null);
  stage.files.subscribe(() => {});
  await stage.settle();
  assert.equal(stage.files.connection.value.state, "signed-out");
});

Deno.test("close() ends what it watches of supabase-js (SPEC 20)", async () => {
  const { auth, stage } = await adasClient();
  assert.equal(auth.listeners, 1);
  stage.files.close();
  assert.equal(auth.listeners, 0);
});

Deno.test("the user of a token is read from any characters (SPEC 13)", async () => {
  const named = (name: string) => unsignedToken({ name, sub: "ada" });
  const tokens = [named("\u00ff\u00ff\u00ff??>>"), named("\u00ff\u00ff\u00ff~~>>")];
  assert.match(tokens.join(), /[-_].*,.*[-_]/);
  let attempt = 0;
  using stage = startClientStage({ options: { getToken: () => tokens[attempt++ % 2]! } });
  const first = await stage.request();
  first.begin().snapshot([exampleFile("1")], "c.1");
  await stage.settle();
  first.cut();
  await stage.clock.advance(1_000);
  assert.deepEqual(stage.names(), ["1.txt"]);
});

Deno.test("done() and events() of a user end at the sign-out (SPEC 12)", async () => {
  const { auth, stage } = await adasClient();
  using _ = stage;
  const events = stage.files.events();
  await events.next();
  const ends = [
    assert.rejects(stage.files.done("ada"), { code: "signed-out" }),
    assert.rejects(events.next(), { code: "signed-out" }),
  ];
  await stage.settle();
  auth.report("SIGNED_IN", tokenOf("grace"));
  await Promise.all(ends);
});

Deno.test("a consumer of events is given nothing of its user after the sign-out (SPEC 12)", async () => {
  const { auth, stage, request } = await adasClient();
  using _ = stage;
  request.send({ eventType: "file-update", file: exampleFile("second") });
  await stage.settle();
  const events = stage.files.events();
  await events.next();
  auth.report("SIGNED_OUT", null);
  await assert.rejects(events.next(), { code: "signed-out" });
});

Deno.test("a sign-out is no deletion for a consumer of events (SPEC 12)", async () => {
  const { auth, stage, request } = await adasClient();
  using _ = stage;
  const update = (id: string, revision: number) =>
    request.send({ eventType: "file-update", file: exampleFile(id, { revision }) });
  update("second", 1);
  await stage.settle();
  const events = stage.files.events();
  await events.next();
  await events.next();
  update("ada", 2);
  update("second", 2);
  await stage.settle();
  await events.next();
  auth.report("SIGNED_OUT", null);
  await assert.rejects(events.next(), { code: "signed-out" });
});

Deno.test("a new token of the same user leaves an open stream alone (SPEC 13)", async () => {
  const { auth, stage, request } = await adasClient();
  using _ = stage;
  auth.report("TOKEN_REFRESHED", tokenOf("ada", 2));
  auth.report("SIGNED_IN", tokenOf("ada", 2));
  await stage.settle();
  assert.equal(stage.requests.length, 1);
  request.cut();
  await stage.clock.advance(1_000);
  assert.equal(stage.requests[1]!.token, tokenOf("ada", 2));
});

Deno.test("SIGNED_IN with a refused token changes nothing, with another one it continues (SPEC 13)", async () => {
  const auth = new FakeAuth(tokenOf("ada"), tokenOf("ada", 2));
  using stage = startClientStage({ options: { supabase: auth.client, getToken: undefined } });
  (await stage.request()).refuse(401);
  (await stage.request()).refuse(401);
  await stage.settle();
  assert.match(stage.states.at(-1)!, /^signed-out/);
  const asked = auth.calls.length;
  auth.report("SIGNED_IN", tokenOf("ada", 2));
  await stage.settle();
  assert.deepEqual([stage.requests.length, auth.calls.length], [2, asked]);
  auth.report("SIGNED_IN", tokenOf("ada", 3));
  assert.equal((await stage.request()).token, tokenOf("ada", 3));
});

Deno.test("a session that is reported as none at load is no sign-out (SPEC 12)", async () => {
  const { auth, stage } = await adasClient();
  using _ = stage;
  auth.report("INITIAL_SESSION", null);
  await stage.settle();
  assert.deepEqual(stage.names(), ["ada.txt"]);
});

Deno.test("a clock an hour fast, which refreshes at each getSession, causes no storm (SPEC 13)", async () => {
  const auth = new FakeAuth(tokenOf("ada", 1));
  let refreshes = 1;
  const { auth: real } = auth.client;
  const supabase = {
    auth: {
      ...real,
      // As supabase-js does when it takes the token for expired: it reports before it answers.
      getSession: () => {
        auth.report("TOKEN_REFRESHED", tokenOf("ada", ++refreshes));
        return real.getSession();
      },
    },
  };
  using stage = startClientStage({ options: { supabase, getToken: undefined } });
  (await stage.request()).begin().snapshot([], "c.1");
  await stage.clock.advance(60_000);
  assert.deepEqual(
    [stage.requests.length, refreshes],
    [2, 3],
    "one more, after a minute of silence",
  );
});

Deno.test("of tokens that can't be read, each is a user of its own (SPEC 12)", async () => {
  let token = "opaque 1";
  using stage = startClientStage({ options: { getToken: () => token } });
  const first = await stage.request();
  first.begin().snapshot([exampleFile("1")], "c.1");
  await stage.settle();
  token = "opaque 2";
  first.cut();
  await stage.clock.advance(1_000);
  assert.deepEqual(stage.names(), []);
});

Deno.test("refreshed tokens that are refused cause no storm, though each is reported (SPEC 2)", async () => {
  const auth = new FakeAuth(tokenOf("ada"));
  let refreshes = 1;
  const { auth: real } = auth.client;
  const supabase = {
    auth: {
      ...real,
      // As supabase-js does: it reports before it answers.
      refreshSession: () => {
        auth.report("TOKEN_REFRESHED", tokenOf("ada", ++refreshes));
        return real.getSession();
      },
    },
  };
  using stage = startClientStage({ options: { supabase, getToken: undefined } });
  for (const _ of [1, 2, 3, 4]) (await stage.request()).refuse(401);
  await stage.settle();
  assert.equal(stage.requests.length, 2);
  assert.match(stage.states.at(-1)!, /^signed-out/);
});

Deno.test("reconnect() while nobody listens drops the files, which may be another user's (SPEC 12)", async () => {
  let user = "ada";
  using stage = startClientStage({ options: { getToken: () => tokenOf(user) }, isIdle: true });
  const stop = stage.files.subscribe(() => {});
  (await stage.request()).begin().snapshot([exampleFile("ada")], "a.1");
  await stage.settle();
  stop();
  await stage.clock.advance(5_000);
  user = "grace";
  stage.files.reconnect();
  const shown: unknown[] = [];
  stage.files.subscribe((files) => shown.push(files));
  assert.deepEqual(shown, [[]]);
  assert.equal((await stage.request()).headers.get("last-event-id"), "");
});

Deno.test("reconnect() while the page is left takes nothing from those who listen (SPEC 12)", async () => {
  using stage = startClientStage();
  (await stage.request()).begin().snapshot([exampleFile("a")], "1");
  await stage.settle();
  const done = stage.files.done("a");
  let error: unknown;
  done.catch((reason) => error = reason);
  stage.page("pagehide");
  // As an app does at `visibilitychange`, which follows.
  stage.files.reconnect();
  stage.page("pageshow");
  await stage.settle();
  assert.equal(error, undefined);
  assert.deepEqual(stage.names(), ["a.txt"]);
  assert.equal((await stage.request()).headers.get("last-event-id"), "1");
});

Deno.test("a sign-in that is reported before the answer that there is no token is not missed (SPEC 2)", async () => {
  const auth = new FakeAuth(null);
  using stage = startClientStage({ options: { supabase: auth.client, getToken: undefined } });
  auth.report("SIGNED_IN", tokenOf("ada"));
  assert.equal((await stage.request()).token, tokenOf("ada"));
});

for (const sub of [undefined, null, "", 0]) {
  Deno.test(`the files of a token whose sub is ${JSON.stringify(sub)} are not shown to the next user`, async () => {
    let token = unsignedToken({ sub, role: "anon" });
    using stage = startClientStage({ options: { getToken: () => token } });
    const first = await stage.request();
    first.begin().snapshot([exampleFile("1")], "a.1");
    await stage.settle();
    token = tokenOf("grace");
    first.cut();
    await stage.clock.advance(1_000);
    assert.deepEqual(stage.names(), []);
    assert.equal(stage.requests[1]!.headers.get("last-event-id"), "");
  });
}

Deno.test("the empty list of the next user is never called live", async () => {
  const auth = new FakeAuth(tokenOf("ada"));
  using stage = startClientStage({
    options: { supabase: auth.client, getToken: undefined },
    hasFrames: true,
  });
  (await stage.request()).begin().snapshot([exampleFile("ada")], "a.1");
  await stage.settle();
  stage.frame();
  const shown: string[] = [];
  stage.files.subscribe((list) => {
    shown.push(`${stage.files.connection.value.state} ${list.length}`);
  });
  auth.report("SIGNED_IN", tokenOf("grace"));
  await stage.settle();
  assert.deepEqual(shown, ["live 1", "loading 0"], "before the next frame");
});

// supabase-js reports `setSession()` with an expired access token, and `refreshSession()` with a refresh
// token, as TOKEN_REFRESHED only. Apps that switch between accounts use both.

Deno.test("a refreshed token of another user drops the files of the first (SPEC 12)", async () => {
  const { auth, stage } = await adasClient();
  using _ = stage;
  auth.report("TOKEN_REFRESHED", tokenOf("grace"));
  assert.deepEqual(stage.names(), []);
  assert.ok(stage.requests[0]!.signal.aborted);
  assert.equal((await stage.request()).token, tokenOf("grace"));
});

Deno.test("a refreshed token where nobody was signed in is a sign-in (SPEC 2)", async () => {
  const auth = new FakeAuth(null);
  using stage = startClientStage({ options: { supabase: auth.client, getToken: undefined } });
  await stage.settle();
  assert.equal(stage.states.at(-1), "signed-out");
  auth.report("TOKEN_REFRESHED", tokenOf("ada"));
  await stage.settle();
  assert.equal(stage.requests.length, 1);
});

Deno.test("a sign-out after a loss of the network has no reason, because nothing is wrong", async () => {
  let token: string | null = TOKEN;
  using stage = startClientStage({ options: { getToken: () => token } });
  const request = await stage.request();
  request.begin().snapshot([exampleFile("1")], "c.1").cut();
  await stage.settle();
  token = null;
  await stage.clock.advance(1_000);
  assert.equal(stage.states.at(-1), "signed-out");
});
