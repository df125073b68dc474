import assert from "node:assert/strict";
import { AuthenticationError } from "../../../supabase/functions/file-events/auth/authentication_error.ts";
import { Refusal, toRefusal } from "../../../supabase/functions/file-events/http/refusal.ts";

Deno.test("toRefusal() returns a refusal as it is", () => {
  const refusal = new Refusal("INVALID_PARAMETER", "snapshot must be 'true' or 'false'");
  assert.equal(toRefusal(refusal), refusal);
});

Deno.test("toRefusal() gives an authentication error its status, and keeps code, message and cause", () => {
  const cause = new Error("ECONNREFUSED");
  const error = new AuthenticationError("UPSTREAM_UNAVAILABLE", "try again soon", { cause });
  const { status, code, message, cause: kept } = toRefusal(error)!;
  assert.deepEqual(
    [status, code, message, kept],
    [503, "UPSTREAM_UNAVAILABLE", "try again soon", cause],
  );
  assert.equal(toRefusal(new AuthenticationError("AUTH_EXPIRED", "expired"))?.status, 401);
});

Deno.test("toRefusal() takes any other error for a fault of ours", () => {
  for (const error of [new TypeError("a bug"), "text", undefined]) {
    assert.equal(toRefusal(error), undefined);
  }
});
