import assert from "node:assert/strict";
import { startStack } from "../../local/stack.ts";
import { until } from "../support/until.ts";
import { mintToken } from "../../local/mint_token.ts";
import { isType, isUpdate } from "../support/event_predicates.ts";
import type { EventStream } from "../support/event_stream.ts";
import { FunctionUnderFault } from "./function_under_fault.ts";
import type { TestUser } from "../support/test_user.ts";

// The database answers, and what it answers is no. Each test takes as long as a refusal must last.

/** The lines of the log with an event, as objects. */
function logged(fn: FunctionUnderFault, event: string): Record<string, unknown>[] {
  return fn.log.filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line)).filter((line) => line.event === event);
}

async function assertSetupRequired(fn: FunctionUnderFault, streams: EventStream[]) {
  for (const stream of streams) {
    const { reason, id } = await stream.next(isType("closing"), "closing");
    assert.deepEqual([reason, id], ["setup-required", undefined]);
    assert.ok(stream.retry! >= 210_000 && stream.retry! <= 390_000, `retry: ${stream.retry}`);
    await stream.ended;
  }
  const errors = logged(fn, "setup required");
  assert.equal(errors.length, 1, "one line for all streams");
  assert.equal(errors[0]?.level, "error");
  return errors[0]!;
}

/**
 * PostgREST has other keys than those that these tokens are signed with: a refusal of the real one,
 * for the same claims with another signature.
 */
function rotateKeys(
  fn: FunctionUnderFault,
  { paths, refuses }: { paths: string[]; refuses: (token: string) => boolean },
): void {
  fn.upstream.answer = async (request, pass) => {
    const token = request.headers.get("authorization")?.replace("Bearer ", "") ?? "";
    const { pathname } = new URL(request.url);
    if (!paths.some((path) => pathname.startsWith(path)) || !refuses(token)) return pass(request);
    const { sub } = JSON.parse(atob(token.split(".")[1]!));
    const forged = await mintToken(sub, { secret: "the secret of before the rotation" });
    const headers = new Headers(request.headers);
    headers.set("authorization", `Bearer ${forged}`);
    const { method, body } = request;
    return pass(new Request(request.url, { method, headers, body }));
  };
}

const isTokenOf = (user: TestUser) => (token: string) => token === user.token;

Deno.test("a function without its migrations says so, in the log and to its clients", async () => {
  await using stack = await startStack({ withFunction: false, scripts: [] });
  await using fn = await FunctionUnderFault.start(stack, { source: "broadcast" });
  const users = [await fn.user(), await fn.user()];
  const streams = await Promise.all(users.map((user) => fn.open(user)));
  const { code, error, advice } = await assertSetupRequired(fn, streams);
  assert.equal(code, "PGRST202");
  assert.match(String(error), /file_changes_since/);
  assert.match(String(advice), /apply the migrations/);
});

Deno.test("what the database refuses to a stream", async (t) => {
  await using stack = await startStack({ withFunction: false });

  await t.step(
    "what a query asks of the operator is in the log, and ends streams that are ready",
    async () => {
      await using fn = await FunctionUnderFault.start(stack, { source: "broadcast" });
      const users = [await fn.user(), await fn.user()];
      const streams = await Promise.all(users.map((user) => fn.ready(user)));
      const message = "A row is from the future: select file_events.renew_epoch()";
      fn.upstream.answer = (request, pass) =>
        new URL(request.url).pathname.startsWith("/rest/v1/")
          ? Response.json({ code: "55000", message }, { status: 500 })
          : pass(request);
      const { code, error } = await assertSetupRequired(fn, streams);
      assert.equal(code, "55000");
      assert.match(String(error), /select file_events\.renew_epoch\(\)/);
      fn.upstream.heal();
      const missed = await users[0]!.insert();
      const { events } = await fn.ready(users[0]!, { lastEventId: streams[0]!.lastEventId });
      assert.ok(events.some(isUpdate(missed)));
    },
  );

  await t.step("a token of before a rotation ends its stream, and no other one", async () => {
    await using fn = await FunctionUnderFault.start(stack, { source: "broadcast" });
    const [old, renewed] = [await fn.user(), await fn.user()];
    const [refused, accepted] = [await fn.ready(old), await fn.ready(renewed)];
    rotateKeys(fn, { paths: ["/rest/v1/"], refuses: isTokenOf(old) });
    const { reason } = await refused.next(isType("closing"), "closing");
    assert.equal(reason, "token-expired");
    await refused.ended;
    const id = await renewed.insert();
    await accepted.next(isUpdate(id), "a change on the other stream");
    assert.deepEqual(logged(fn, "tokens refused"), []);
    // The client refreshes its token, and lacks nothing.
    fn.upstream.heal();
    const missed = await old.insert();
    const { events } = await fn.ready(old, { lastEventId: refused.lastEventId });
    assert.ok(events.some(isUpdate(missed)));
  });

  await t.step("a token that Auth refuses too ends its stream", async () => {
    await using fn = await FunctionUnderFault.start(stack, { source: "broadcast" });
    const user = await fn.user();
    const stream = await fn.ready(user);
    rotateKeys(fn, { paths: ["/rest/v1/", "/auth/v1/"], refuses: isTokenOf(user) });
    const { reason } = await stream.next(isType("closing"), "closing");
    assert.equal(reason, "token-expired");
  });

  await t.step(
    "tokens that PostgREST alone refuses keep their streams, until it has its keys",
    async () => {
      await using fn = await FunctionUnderFault.start(stack, { source: "broadcast" });
      const users = [await fn.user(), await fn.user()];
      const streams = await Promise.all(users.map((user) => fn.ready(user)));
      rotateKeys(fn, { paths: ["/rest/v1/"], refuses: () => true });
      await until(() => logged(fn, "tokens refused").length > 0, "line in the log");
      const [error] = logged(fn, "tokens refused");
      assert.deepEqual([error?.level, error?.code], ["error", "PGRST301"]);
      fn.upstream.heal();
      for (const [index, user] of users.entries()) {
        const id = await user.insert();
        await streams[index]!.next(isUpdate(id), "the new file");
      }
      assert.equal(logged(fn, "tokens refused").length, 1, "one line for all streams");
      assert.ok(!streams.some(({ events }) => events.some(isType("closing"))));
    },
  );
});
