import assert from "node:assert/strict";
import {
  type FaultKind,
  queryError,
} from "../../../supabase/functions/file-events/postgrest/query_error.ts";

/** Answers as PostgREST gives them: HTTP status, code, message, and who must act. */
const ANSWERS: readonly [number, string, string, FaultKind][] = [
  // What the operator must mend.
  [404, "PGRST202", "Could not find the function public.file_changes_since(…)", "setup"],
  [300, "PGRST203", "Could not choose the best candidate function", "setup"],
  [406, "PGRST106", "Invalid schema: public", "setup"],
  [500, "PGRST300", "Server lacks JWT secret", "setup"],
  [401, "PGRST302", "Anonymous access is disabled", "setup"],
  [404, "42883", "function file_events.visible(uuid) does not exist", "setup"],
  [404, "42P01", 'relation "public.file_deletions" does not exist', "setup"],
  [400, "42703", "column f.progress does not exist", "setup"],
  [403, "42501", "permission denied for table files", "setup"],
  // PostgREST answers 401 if it took the request for an anonymous one: the token was not refused.
  [401, "42501", "permission denied for function file_changes_since", "setup"],
  [500, "42P17", "infinite recursion detected in policy for relation files", "setup"],
  [400, "3F000", 'schema "file_events" does not exist', "setup"],
  [400, "22P02", 'invalid input syntax for type uuid: "acme"', "setup"],
  [500, "55000", "The sequence is behind: select file_events.renew_epoch()", "setup"],
  // A gateway in front of PostgREST, which has no codes.
  [401, "", "Invalid API key", "setup"],
  [404, "", "no Route matched with those values", "setup"],

  [401, "PGRST301", "JWSError JWSInvalidSignature", "token-refused"],
  [401, "PGRST301", "No suitable key or wrong key type", "token-refused"],
  [401, "PGRST301", "JWT expired", "token-refused"],
  [401, "PGRST303", "JWT expired", "token-refused"],
  [401, "PGRST303", "JWT not in audience", "token-refused"],

  // What may end by itself.
  [401, "PGRST303", "JWT issued at future", "unavailable"],
  [401, "PGRST301", "JWT not yet valid", "unavailable"],
  [503, "PGRST000", "Database connection error", "unavailable"],
  [503, "PGRST001", "Database client error", "unavailable"],
  [503, "PGRST002", "Could not query the database for the schema cache", "unavailable"],
  [504, "PGRST003", "Timed out acquiring connection from connection pool", "unavailable"],
  [500, "PGRSTX00", "Internal error", "unavailable"],
  [500, "57014", "canceling statement due to statement timeout", "unavailable"],
  [503, "53300", "too many connections", "unavailable"],
  [500, "57P01", "terminating connection due to administrator command", "unavailable"],
  [500, "40001", "could not serialize access", "unavailable"],
  [500, "55P03", "canceling statement due to lock timeout", "unavailable"],
  // A cached plan after a change of a table.
  [500, "0A000", "cached plan must not change result type", "unavailable"],
  // A limit on requests in the project's own `db-pre-request` function, for example.
  [400, "P0001", "slow down", "unavailable"],
  [429, "", "Too many requests", "unavailable"],
  [500, "", "Internal error", "unavailable"],
  [403, "", "<html>Forbidden</html>", "unavailable"],
  [0, "", "TypeError: error sending request", "unavailable"],
  [0, "EPIPE", "TypeError: error sending request", "unavailable"],
];

Deno.test("queryError() says who must act", async (t) => {
  for (const [status, code, message, kind] of ANSWERS) {
    await t.step(`${status} ${code} ${message}: ${kind}`, () => {
      const { fault } = queryError(status, { code, message });
      assert.deepEqual([fault.kind, fault.status, fault.code], [kind, status, code]);
    });
  }
});

Deno.test("queryError() tells the operator what to do", () => {
  const advice = (code: string, status = 400) =>
    queryError(status, { code, message: "" }).fault.advice;
  assert.match(advice("PGRST202")!, /apply the migrations/);
  assert.match(advice("42P01")!, /apply the migrations/);
  assert.match(advice("PGRST106")!, /expose the schema/);
  assert.match(advice("PGRST301")!, /keys that Auth signs with/);
  assert.match(advice("22P02")!, /policies/);
  assert.match(advice("", 401)!, /publishable key/);
  assert.equal(advice("55000"), undefined, "its message says it");
  assert.equal(advice("57014"), undefined, "there is nothing to do");
});

Deno.test("queryError() takes any answer of a gateway, and keeps its text short", () => {
  for (const body of ["Bad gateway", 12, ["a"], {}, { code: 502 }, { message: 1 }, true]) {
    const { message, fault } = queryError(502, body);
    assert.match(message, /^Cannot query changes: ./);
    assert.deepEqual(fault, { kind: "unavailable", status: 502, code: "" });
  }
  const { message } = queryError(502, { message: "<html>".repeat(10_000) });
  assert.ok(message.length < 600);
});
