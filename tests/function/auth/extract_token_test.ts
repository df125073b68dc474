import assert from "node:assert/strict";
import { extractToken } from "../../../supabase/functions/file-events/auth/extract_token.ts";

function extract(authorization: string | undefined, parameter?: string): string {
  const headers = new Headers(authorization === undefined ? {} : { Authorization: authorization });
  const parameters = new URLSearchParams(
    parameter === undefined ? {} : { access_token: parameter },
  );
  return extractToken(headers, parameters);
}

const code = (code: string) => ({ name: "AuthenticationError", code });

Deno.test("extractToken() takes the token from the Authorization header", async (t) => {
  for (const header of ["Bearer a.b.c", "bearer a.b.c", "BEARER a.b.c", "Bearer   a.b.c  "]) {
    await t.step(JSON.stringify(header), () => assert.equal(extract(header), "a.b.c"));
  }
});

Deno.test("extractToken() takes the token from the access_token parameter", () => {
  assert.equal(extract(undefined, "a.b.c"), "a.b.c");
});

Deno.test("extractToken() prefers the header to the parameter", () => {
  assert.equal(extract("Bearer header", "parameter"), "header");
});

Deno.test("extractToken() falls back to the parameter when the header is empty", async (t) => {
  for (const header of ["", "  ", "Bearer", "Bearer "]) {
    await t.step(JSON.stringify(header), () => assert.equal(extract(header, "a.b.c"), "a.b.c"));
  }
});

Deno.test("extractToken() refuses a request without a token: AUTH_REQUIRED", async (t) => {
  const cases: [string | undefined, string | undefined][] = [
    [undefined, undefined],
    [undefined, ""],
    [undefined, "   "],
    ["", undefined],
    ["Bearer", undefined],
    ["Bearer ", ""],
  ];
  for (const [header, parameter] of cases) {
    await t.step(`header ${JSON.stringify(header)}, parameter ${JSON.stringify(parameter)}`, () => {
      assert.throws(() => extract(header, parameter), code("AUTH_REQUIRED"));
    });
  }
});

Deno.test("extractToken() refuses another scheme, whatever the parameter: AUTH_INVALID", async (t) => {
  for (const header of ["Basic dXNlcjpwYXNz", "a.b.c", "Bearer a.b.c d.e.f", "Bearer, a.b.c"]) {
    await t.step(header, () => {
      assert.throws(() => extract(header, "a.b.c"), code("AUTH_INVALID"));
    });
  }
});
