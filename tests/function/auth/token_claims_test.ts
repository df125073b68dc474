import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { readTokenClaims } from "../../../supabase/functions/file-events/auth/token_claims.ts";
import { OTHER_USER_ID, unsignedToken, USER_ID, userClaims } from "../../support/access_tokens.ts";

const NOW = Date.parse("2026-11-23T10:30:00.000Z");

const code = (code: string) => ({ name: "AuthenticationError", code });

Deno.test("readTokenClaims() reads user and expiry", () => {
  const exp = NOW / 1000 + 3600;
  const token = unsignedToken(userClaims(NOW, { sub: USER_ID.toUpperCase(), exp }));
  const { rights: _, ...claims } = readTokenClaims(token, NOW);
  assert.deepEqual(claims, { userId: USER_ID, expiresAt: exp * 1000, keyId: null });
});

const rightsOf = (change: Record<string, unknown>) =>
  readTokenClaims(unsignedToken(userClaims(NOW, change)), NOW).rights;

Deno.test("readTokenClaims() gives all tokens of one sign-in the same rights", () => {
  const renewed = { exp: NOW / 1000 + 7200, iat: 1, nbf: 2, jti: "3", session_id: "4", amr: ["5"] };
  assert.equal(rightsOf(renewed), rightsOf({}));
  assert.equal(rightsOf({ sub: USER_ID, b: 1, a: 2 }), rightsOf({ a: 2, b: 1 }));
});

Deno.test("readTokenClaims() reads claims as UTF-8, and refuses what is not: AUTH_INVALID", () => {
  assert.ok(rightsOf({ user_metadata: { name: "Zoë 🦊" } }).includes("Zoë 🦊"));
  const [header, , signature] = unsignedToken(userClaims(NOW)).split(".");
  const claims = btoa(JSON.stringify(userClaims(NOW, { name: "Zo\xeb" }))).replaceAll("=", "");
  assert.throws(
    () => readTokenClaims(`${header}.${claims}.${signature}`, NOW),
    { code: "AUTH_INVALID" },
  );
});

Deno.test("readTokenClaims() tells rights apart by any other claim", async (t) => {
  const others = {
    "another assurance level": { aal: "aal2" },
    "an application that acts for the user": { client_id: "a-third-party" },
    "another organisation": { app_metadata: { organisation: "other" } },
    "another user": { sub: OTHER_USER_ID },
  };
  for (const [name, change] of Object.entries(others)) {
    await t.step(name, () => assert.notEqual(rightsOf(change), rightsOf({})));
  }
});

Deno.test("readTokenClaims() accepts what Supabase Auth signs with", async (t) => {
  for (const alg of ["HS256", "RS256", "ES256"]) {
    await t.step(alg, () => {
      assert.equal(
        readTokenClaims(unsignedToken(userClaims(NOW), { alg }), NOW).userId,
        USER_ID,
      );
    });
  }
});

Deno.test("readTokenClaims() reads claims that are not ASCII", () => {
  const name = "Zoë Ωmega 🦊 日本語";
  const token = unsignedToken(userClaims(NOW, { user_metadata: { name } }));
  assert.equal(readTokenClaims(token, NOW).userId, USER_ID);
});

Deno.test("readTokenClaims() refuses what is no JSON Web Token: AUTH_INVALID", async (t) => {
  const [header = "", claims = "", signature = ""] = unsignedToken(userClaims(NOW)).split(".");
  const base64url = (text: string | Uint8Array) =>
    Buffer.from(text as string).toString("base64url");
  const malformed: Record<string, string> = {
    "a word": "token",
    "two parts": `${header}.${claims}`,
    "four parts": `${header}.${claims}.${signature}.${signature}`,
    "no signature": `${header}.${claims}.`,
    "no header": `.${claims}.${signature}`,
    "no claims": `${header}..${signature}`,
    "only dots": "..",
    "header not base64url": `%%%.${claims}.${signature}`,
    "claims not base64url": `${header}.{"sub":1}.${signature}`,
    "claims of an impossible length": `${header}.a.${signature}`,
    "claims not JSON": `${header}.${base64url("sub")}.${signature}`,
    "claims not UTF-8": `${header}.${base64url(new Uint8Array([0x22, 0xff, 0x22]))}.${signature}`,
    "claims null": `${header}.${base64url("null")}.${signature}`,
    "claims a string": `${header}.${base64url('"sub"')}.${signature}`,
    "claims an array": `${header}.${base64url("[]")}.${signature}`,
    "header a number": `${base64url("1")}.${claims}.${signature}`,
    "a publishable key": "sb_publishable_ACJWlzQHlZjBrEguHvfOxg_3BJgxAaH",
    "a secret key": "sb_secret_N7UND0UgjKTVK-Uodkm0Hg_xSvEMPvz",
    "a line break": `${header}.${claims}\n.${signature}`,
  };
  for (const [name, token] of Object.entries(malformed)) {
    await t.step(name, () => {
      assert.throws(() => readTokenClaims(token, NOW), code("AUTH_INVALID"));
    });
  }
});

Deno.test("readTokenClaims() refuses an algorithm that Auth never signs with: AUTH_INVALID", async (t) => {
  for (const alg of ["none", "None", "NONE", "", "HS512", "EdDSA", "hs256", 256, null, undefined]) {
    await t.step(String(alg), () => {
      const token = unsignedToken(userClaims(NOW), { alg });
      assert.throws(() => readTokenClaims(token, NOW), code("AUTH_INVALID"));
    });
  }
});

Deno.test("readTokenClaims() refuses whoever is no signed-in user: AUTH_INVALID", async (t) => {
  const claims: Record<string, Record<string, unknown>> = {
    "role anon": { role: "anon" },
    "role service_role": { role: "service_role" },
    "role supabase_admin": { role: "supabase_admin" },
    "role Authenticated": { role: "Authenticated" },
    "role in a list": { role: ["authenticated"] },
    "no role": { role: undefined },
    "no sub": { sub: undefined },
    "sub empty": { sub: "" },
    "sub no UUID": { sub: "1" },
    "sub with a filter in it": { sub: `${USER_ID},user_id=neq.1` },
    "sub with a line break": { sub: `${USER_ID}\n` },
    "sub a number": { sub: 1 },
    "legacy anon key": { role: "anon", sub: undefined, iss: "supabase", ref: "abcdefghij" },
    "legacy service_role key": { role: "service_role", sub: undefined, iss: "supabase" },
  };
  for (const [name, change] of Object.entries(claims)) {
    await t.step(name, () => {
      const token = unsignedToken(userClaims(NOW, change));
      assert.throws(() => readTokenClaims(token, NOW), code("AUTH_INVALID"));
    });
  }
});

Deno.test("readTokenClaims() refuses a token without a usable expiry: AUTH_INVALID", async (t) => {
  for (const exp of [undefined, null, "1800000000", true, {}, [1800000000]]) {
    await t.step(JSON.stringify(exp) ?? "none", () => {
      const token = unsignedToken(userClaims(NOW, { exp }));
      assert.throws(() => readTokenClaims(token, NOW), code("AUTH_INVALID"));
    });
  }
});

Deno.test("readTokenClaims() takes a token for expired 30 s early: AUTH_EXPIRED", async (t) => {
  for (const seconds of [-86_400, -1, 0, 1, 29]) {
    await t.step(`${seconds} s left`, () => {
      const token = unsignedToken(userClaims(NOW, { exp: NOW / 1000 + seconds }));
      assert.throws(() => readTokenClaims(token, NOW), code("AUTH_EXPIRED"));
    });
  }
  await t.step("30 s left are enough", () => {
    const token = unsignedToken(userClaims(NOW, { exp: NOW / 1000 + 30 }));
    assert.equal(readTokenClaims(token, NOW).expiresAt, NOW + 30_000);
  });
});

Deno.test("readTokenClaims() refuses a token that is too long: AUTH_INVALID", () => {
  const token = unsignedToken(userClaims(NOW, { user_metadata: "x".repeat(8192) }));
  assert.throws(() => readTokenClaims(token, NOW), code("AUTH_INVALID"));
});
