import assert from "node:assert/strict";
import type { Caller } from "../../../supabase/functions/file-events/stream/caller.ts";
import {
  ChangesError,
  type ChangesPage,
} from "../../../supabase/functions/file-events/stream/changes_since.ts";
import { queryError } from "../../../supabase/functions/file-events/postgrest/query_error.ts";
import { judgeFaults } from "../../../supabase/functions/file-events/postgrest/judge_faults.ts";
import { USER_ID } from "../../support/access_tokens.ts";
import { FakeClock, settle } from "../../support/fake_clock.ts";
import { examplePage } from "../../support/example_page.ts";

const QUERY = { since: null, fileIds: null, snapshot: true };
const LASTING_MS = 5_000;

const answers = {
  page: () => examplePage(),
  refuse: () => {
    throw queryError(401, { code: "PGRST301", message: "JWSError JWSInvalidSignature" });
  },
  noFunction: () => {
    throw queryError(404, { code: "PGRST202", message: "Could not find the function" });
  },
  down: () => {
    throw queryError(503, { code: "PGRST001", message: "no connection" });
  },
};

/** A caller with a token of this name. */
function caller(token: string): Caller {
  return { userId: USER_ID, token, expiresAt: Infinity, rights: "aal1" };
}

const acceptsAll = () => Promise.resolve(false);

function start({ isRefusedByAuth = acceptsAll } = {}) {
  const clock = new FakeClock();
  const logged: string[] = [];
  const asked: string[] = [];
  let answer: () => ChangesPage = answers.page;
  const changesSince = judgeFaults(() => new Promise((resolve) => resolve(answer())), {
    isRefusedByAuth: (token) => {
      asked.push(token);
      return isRefusedByAuth();
    },
    clock,
    log: (level, event, fields = {}) => void logged.push(`${level} ${event} ${fields.code}`),
  });
  /** Asks once. @returns How it ends for the stream: "page", "stays" or the reason to end. */
  async function ask(who: Caller, how: keyof typeof answers): Promise<string> {
    answer = answers[how];
    try {
      await changesSince(who, QUERY);
      return "page";
    } catch (error) {
      assert.ok(error instanceof ChangesError);
      assert.equal(error.isRefusal, how !== "down");
      return error.end ?? "stays";
    } finally {
      await settle();
    }
  }
  return { clock, logged, asked, ask };
}

Deno.test("judgeFaults() ends a stream whose database lacks its setup for five seconds", async () => {
  const { clock, logged, ask } = start();
  const a = caller("a");
  assert.equal(await ask(a, "noFunction"), "stays", "PostgREST may be reloading its schema");
  await clock.advance(LASTING_MS - 1);
  assert.equal(await ask(a, "noFunction"), "stays");
  await clock.advance(1);
  assert.equal(await ask(a, "noFunction"), "setup-required");
  assert.deepEqual(logged, [
    "warn catch-up failed PGRST202",
    "warn catch-up failed PGRST202",
    "error setup required PGRST202",
  ]);
});

Deno.test("judgeFaults() ends no stream whose database has answered in between", async () => {
  const { clock, ask } = start();
  const a = caller("a");
  for (const how of ["noFunction", "page", "noFunction", "refuse", "noFunction"] as const) {
    assert.equal(await ask(a, how), how === "page" ? "page" : "stays", how);
    await clock.advance(LASTING_MS);
  }
});

Deno.test("judgeFaults() ends no stream for an outage, however long", async () => {
  const { clock, logged, ask } = start();
  const a = caller("a");
  for (let n = 0; n < 2; n++) {
    assert.equal(await ask(a, "down"), "stays");
    await clock.advance(600_000);
  }
  assert.deepEqual(logged, ["warn catch-up failed PGRST001", "warn catch-up failed PGRST001"]);
});

Deno.test("judgeFaults() ends a stream whose token is refused while another one is accepted", async () => {
  const { clock, logged, ask } = start();
  const [a, b] = [caller("a"), caller("b")];
  assert.equal(await ask(a, "page"), "page");
  assert.equal(await ask(b, "page"), "page");
  await clock.advance(1_000);
  assert.equal(await ask(a, "refuse"), "stays");
  await clock.advance(1_000);
  assert.equal(await ask(b, "page"), "page");
  assert.equal(await ask(a, "refuse"), "stays", "not for five seconds yet");
  await clock.advance(LASTING_MS);
  assert.equal(await ask(a, "refuse"), "token-expired");
  assert.ok(!logged.some((line) => line.startsWith("error")), "the project is not at fault");
});

Deno.test("judgeFaults() blames the project when PostgREST accepts no token that Auth accepts", async () => {
  const { clock, logged, asked, ask } = start();
  const [a, b] = [caller("a"), caller("b")];
  // What was accepted before proves nothing, and neither does the token itself.
  assert.equal(await ask(b, "page"), "page");
  await clock.advance(1_000);
  for (let n = 0; n < 4; n++) {
    assert.equal(await ask(a, "refuse"), "stays");
    assert.equal(await ask(b, "refuse"), "stays");
    await clock.advance(LASTING_MS);
  }
  assert.deepEqual([...new Set(logged)], [
    "warn catch-up failed PGRST301",
    "error tokens refused PGRST301",
  ]);
  assert.deepEqual(asked, ["a", "b"], "Auth is asked once for each token");
  // The keys are right again, for new tokens.
  assert.equal(await ask(caller("c"), "page"), "page");
  assert.equal(await ask(a, "refuse"), "token-expired");
});

Deno.test("judgeFaults() takes a stream's own token for no other one, whichever was accepted last", async () => {
  const { clock, ask } = start();
  const [a, twin] = [caller("a"), caller("a")];
  assert.equal(await ask(a, "refuse"), "stays");
  await clock.advance(LASTING_MS);
  assert.equal(await ask(twin, "page"), "page");
  assert.equal(await ask(twin, "page"), "page");
  assert.equal(await ask(a, "refuse"), "stays");
  assert.equal(await ask(caller("b"), "page"), "page");
  assert.equal(await ask(twin, "page"), "page");
  assert.equal(await ask(a, "refuse"), "token-expired", "b was accepted since");
});

Deno.test("judgeFaults() ends a stream whose token Auth refuses too", async () => {
  const { clock, asked, ask } = start({ isRefusedByAuth: () => Promise.resolve(true) });
  const a = caller("a");
  assert.equal(await ask(a, "refuse"), "stays");
  await clock.advance(LASTING_MS);
  assert.equal(await ask(a, "refuse"), "token-expired");
  assert.deepEqual(asked, ["a"]);
});

Deno.test("judgeFaults() asks Auth again if it could not judge, and blames nobody's token meanwhile", async () => {
  let isDown = true;
  const { clock, asked, ask } = start({
    isRefusedByAuth: () => isDown ? Promise.reject(new Error("down")) : Promise.resolve(true),
  });
  const a = caller("a");
  for (let n = 1; n <= 3; n++) {
    assert.equal(await ask(a, "refuse"), "stays");
    assert.equal(asked.length, n);
    await clock.advance(LASTING_MS);
  }
  isDown = false;
  assert.equal(await ask(a, "refuse"), "stays");
  await clock.advance(LASTING_MS);
  assert.equal(await ask(a, "refuse"), "token-expired");
});

Deno.test("judgeFaults() asks Auth about four tokens at a time", async () => {
  const { asked, ask } = start({ isRefusedByAuth: () => new Promise(() => {}) });
  for (let n = 0; n < 10; n++) await ask(caller(`${n}`), "refuse");
  assert.equal(asked.length, 4);
});

Deno.test("judgeFaults() logs no token", async () => {
  const lines: string[] = [];
  const changesSince = judgeFaults(() => Promise.reject(queryError(401, { code: "PGRST301" })), {
    isRefusedByAuth: acceptsAll,
    clock: new FakeClock(),
    log: (...line) => void lines.push(JSON.stringify(line)),
  });
  await assert.rejects(changesSince(caller("secret.token"), QUERY));
  assert.equal(lines.length, 1);
  assert.ok(!lines[0]!.includes("secret.token"));
});

Deno.test("judgeFaults() passes other errors on as they are", async () => {
  const error = new DOMException("Too many queries wait", "TimeoutError");
  const changesSince = judgeFaults(() => Promise.reject(error), {
    isRefusedByAuth: acceptsAll,
    clock: new FakeClock(),
    log: () => assert.fail("nothing to log"),
  });
  await assert.rejects(changesSince(caller("a"), QUERY), (thrown) => thrown === error);
});
