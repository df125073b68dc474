import assert from "node:assert/strict";
import { AuthenticationError } from "../../../supabase/functions/file-events/auth/authentication_error.ts";
import { isTokenRefused } from "../../../supabase/functions/file-events/auth/is_token_refused.ts";
import type { Caller } from "../../../supabase/functions/file-events/stream/caller.ts";

const caller: Caller = { userId: "a user", token: "a.b.c", expiresAt: 0, rights: "" };

Deno.test("isTokenRefused() is false for a token that is accepted", async () => {
  assert.equal(
    await isTokenRefused("a.b.c", (token) => Promise.resolve({ ...caller, token })),
    false,
  );
});

Deno.test("isTokenRefused() is true for a token that is at fault", async (t) => {
  for (const code of ["AUTH_INVALID", "AUTH_EXPIRED"] as const) {
    await t.step(code, async () => {
      const error = new AuthenticationError(code, "refused");
      assert.equal(await isTokenRefused("a.b.c", () => Promise.reject(error)), true);
    });
  }
});

Deno.test("isTokenRefused() rejects when the token could not be judged", async (t) => {
  for (const code of ["UPSTREAM_UNAVAILABLE", "OVERLOADED"] as const) {
    await t.step(code, async () => {
      const error = new AuthenticationError(code, "an outage");
      await assert.rejects(isTokenRefused("a.b.c", () => Promise.reject(error)), error);
    });
  }
  await t.step("another error", async () => {
    await assert.rejects(
      isTokenRefused("a.b.c", () => Promise.reject(new TypeError("a bug"))),
      TypeError,
    );
  });
});
