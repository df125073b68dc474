import assert from "node:assert/strict";
import { AuthSessionMissingError, createClient, type JWK } from "@supabase/supabase-js";
import { createAuthenticate } from "../../../supabase/functions/file-events/auth/authenticate.ts";
import {
  createFetchKeys,
  createSigningKeys,
} from "../../../supabase/functions/file-events/auth/signing_keys.ts";
import { fetchWithTimeout } from "../../../supabase/functions/file-events/fetch_with_timeout.ts";
import {
  generateSigningKey,
  unsignedToken,
  USER_ID,
  userClaims,
} from "../../support/access_tokens.ts";
import { serveAuth } from "./auth_server.ts";
import { serveHttp, unreachableUrl } from "../../support/http_server.ts";
import { until } from "../../support/until.ts";

/** Authenticates with the real supabase-js against the server at `url`. */
function authenticateAt(
  url: string,
  { timeoutMs = 10_000, keys = [] }: { timeoutMs?: number; keys?: JWK[] } = {},
) {
  const clock = { now: Date.now };
  const timedFetch = fetchWithTimeout(fetch, () => AbortSignal.timeout(timeoutMs), clock);
  const supabase = createClient(url, "sb_publishable_test", {
    global: { fetch: timedFetch },
    auth: {
      persistSession: false,
      autoRefreshToken: false,
      detectSessionInUrl: false,
      // supabase-js keeps one JWKS per storage key, for all clients of a process.
      storageKey: crypto.randomUUID(),
    },
  });
  const fetchKeys = createFetchKeys(url, "sb_publishable_test", timedFetch);
  const signingKeys = createSigningKeys(keys, { fetchKeys, clock });
  return createAuthenticate(supabase.auth, { signingKeys, clock });
}

const code = (code: string) => ({ name: "AuthenticationError", code });
const claims = (change = {}) => userClaims(Date.now(), change);

for (const alg of ["ES256", "RS256"] as const) {
  Deno.test(`authenticate() verifies ${alg} with the project's public keys, fetched once`, async () => {
    const key = await generateSigningKey(alg);
    await using auth = serveAuth({ keys: [await generateSigningKey("ES256"), key] });
    const authenticate = authenticateAt(auth.url);
    const token = await key.sign(claims({ aal: "aal2", user_metadata: { name: "Zoë 🦊" } }));
    const caller = await authenticate(token);
    assert.equal(caller.userId, USER_ID);
    assert.match(caller.rights, /"aal2"/);
    assert.equal(caller.token, token);
    await authenticate(await key.sign(claims()));
    assert.deepEqual(auth.requests, ["GET /auth/v1/.well-known/jwks.json"]);
  });

  Deno.test(`authenticate() refuses a forged ${alg} signature: AUTH_INVALID`, async () => {
    const key = await generateSigningKey(alg);
    const forger = await generateSigningKey(alg);
    await using auth = serveAuth({ keys: [key] });
    const token = await forger.sign(claims(), { kid: key.jwk.kid });
    await assert.rejects(authenticateAt(auth.url)(token), code("AUTH_INVALID"));
  });

  Deno.test(`authenticate() refuses ${alg} claims that were changed after signing: AUTH_INVALID`, async () => {
    const key = await generateSigningKey(alg);
    await using auth = serveAuth({ keys: [key] });
    const [header, , signature] = (await key.sign(claims())).split(".");
    const [, changed] = (await key.sign(claims({ sub: crypto.randomUUID() }))).split(".");
    const token = `${header}.${changed}.${signature}`;
    await assert.rejects(authenticateAt(auth.url)(token), code("AUTH_INVALID"));
  });
}

Deno.test("authenticate() refuses the token of another project, whose key nobody knows: AUTH_INVALID", async () => {
  const foreign = await generateSigningKey("ES256");
  await using auth = serveAuth({ keys: [await generateSigningKey("ES256")] });
  const token = await foreign.sign(claims());
  await assert.rejects(authenticateAt(auth.url)(token), code("AUTH_INVALID"));
  assert.deepEqual(auth.requests, ["GET /auth/v1/.well-known/jwks.json"]);
});

Deno.test("authenticate() refuses a header whose alg does not go with its key: AUTH_INVALID", async () => {
  const elliptic = await generateSigningKey("ES256");
  const rsa = await generateSigningKey("RS256");
  await using auth = serveAuth({ keys: [elliptic, rsa] });
  const authenticate = authenticateAt(auth.url);
  for (const [signer, named] of [[rsa, elliptic], [elliptic, rsa]] as const) {
    const token = await signer.sign(claims(), { kid: named.jwk.kid });
    await assert.rejects(authenticate(token), code("AUTH_INVALID"));
  }
});

Deno.test("authenticate() lets the server judge HS256, and sends it the caller's token", async () => {
  const token = unsignedToken(claims());
  await using auth = serveAuth({ user: () => Response.json({ id: USER_ID }) });
  assert.equal((await authenticateAt(auth.url)(token)).userId, USER_ID);
  assert.deepEqual(auth.requests, ["GET /auth/v1/user"]);
  assert.equal(auth.headers.get("Authorization"), `Bearer ${token}`);
  assert.equal(auth.headers.get("apikey"), "sb_publishable_test");
});

Deno.test("authenticate() refuses an HS256 token that the server refuses: AUTH_INVALID", async (t) => {
  const answers: Record<string, [number, Record<string, unknown>]> = {
    "bad signature": [403, { code: 403, error_code: "bad_jwt", msg: "invalid JWT" }],
    "user gone": [403, { code: 403, error_code: "user_not_found", msg: "User does not exist" }],
    "session ended": [403, { code: 403, error_code: "session_not_found", msg: "Session gone" }],
    "unauthorized": [401, { code: 401, error_code: "no_authorization", msg: "Unauthorized" }],
  };
  for (const [name, [status, body]] of Object.entries(answers)) {
    await t.step(name, async () => {
      await using auth = serveAuth({ user: () => Response.json(body, { status }) });
      const answer = authenticateAt(auth.url)(unsignedToken(claims()));
      await assert.rejects(answer, code("AUTH_INVALID"));
    });
  }
});

Deno.test("authenticate() asks nobody about a token that can't be a user's", async () => {
  await using auth = serveAuth({ user: () => Response.json({ id: USER_ID }) });
  const authenticate = authenticateAt(auth.url);
  const expired = unsignedToken(claims({ exp: Math.floor(Date.now() / 1000) + 20 }));
  await assert.rejects(authenticate(expired), code("AUTH_EXPIRED"));
  for (
    const token of [
      unsignedToken(claims({ role: "anon" })),
      unsignedToken(claims(), { alg: "none" }),
      "sb_publishable_test",
    ]
  ) await assert.rejects(authenticate(token), code("AUTH_INVALID"));
  assert.deepEqual(auth.requests, []);
});

Deno.test("authenticate() never blames the caller for an outage: UPSTREAM_UNAVAILABLE", async (t) => {
  const html = "<html><body>Bad gateway</body></html>";
  const answers: Record<string, () => Response> = {
    "500 with JSON": () => Response.json({ msg: "Database error" }, { status: 500 }),
    "502 with HTML": () => new Response(html, { status: 502 }),
    "503 without body": () => new Response(null, { status: 503 }),
    "504 of a gateway": () => Response.json({ message: "timeout" }, { status: 504 }),
    "429 rate limit": () =>
      Response.json({ code: 429, error_code: "over_request_rate_limit", msg: "Slow down" }, {
        status: 429,
      }),
    "200 with HTML": () => new Response(html, { headers: { "Content-Type": "text/html" } }),
    "our API key refused": () => Response.json({ message: "Invalid API key" }, { status: 401 }),
    "our API key not found": () =>
      Response.json({ message: "No API key found in request" }, { status: 401 }),
    "our API key refused by Kong": () =>
      Response.json({ message: "Invalid authentication credentials" }, { status: 401 }),
    "no route at the gateway": () =>
      Response.json({ message: "no Route matched with those values" }, { status: 404 }),
    "404 of a proxy": () => new Response(html, { status: 404 }),
  };
  const key = await generateSigningKey("ES256");
  for (const [name, answer] of Object.entries(answers)) {
    await t.step(`user: ${name}`, async () => {
      await using auth = serveAuth({ user: answer });
      const caller = authenticateAt(auth.url)(unsignedToken(claims()));
      await assert.rejects(caller, code("UPSTREAM_UNAVAILABLE"));
    });
    await t.step(`JWKS: ${name}`, async () => {
      await using auth = serveAuth({ jwks: answer });
      const caller = authenticateAt(auth.url)(await key.sign(claims()));
      await assert.rejects(caller, code("UPSTREAM_UNAVAILABLE"));
    });
  }
  await t.step("nothing listens", async () => {
    const authenticate = authenticateAt(await unreachableUrl());
    await assert.rejects(authenticate(unsignedToken(claims())), code("UPSTREAM_UNAVAILABLE"));
    await assert.rejects(authenticate(await key.sign(claims())), code("UPSTREAM_UNAVAILABLE"));
  });
  await t.step("accepts the connection and says nothing", async () => {
    await using auth = serveAuth({ user: () => new Promise(() => {}) });
    const authenticate = authenticateAt(auth.url, { timeoutMs: 50 });
    await assert.rejects(authenticate(unsignedToken(claims())), code("UPSTREAM_UNAVAILABLE"));
  });
});

Deno.test("authenticate() recovers when Auth does", async () => {
  const key = await generateSigningKey("ES256");
  let isDown = true;
  await using auth = serveAuth({
    jwks: () => isDown ? new Response(null, { status: 503 }) : Response.json({ keys: [key.jwk] }),
  });
  const authenticate = authenticateAt(auth.url);
  const token = await key.sign(claims());
  await assert.rejects(authenticate(token), code("UPSTREAM_UNAVAILABLE"));
  isDown = false;
  assert.equal((await authenticate(token)).userId, USER_ID);
});

Deno.test("authenticate() with the platform's keys asks nobody", async () => {
  const key = await generateSigningKey("ES256");
  await using auth = serveAuth({ keys: [] });
  const authenticate = authenticateAt(auth.url, { keys: [key.jwk] });
  assert.equal((await authenticate(await key.sign(claims()))).userId, USER_ID);
  assert.deepEqual(auth.requests, []);
});

Deno.test("authenticate() asks Auth for a key that the platform has not named", async () => {
  const key = await generateSigningKey("ES256");
  await using auth = serveAuth({ keys: [key] });
  const authenticate = authenticateAt(auth.url, {
    keys: [(await generateSigningKey("ES256")).jwk],
  });
  assert.equal((await authenticate(await key.sign(claims()))).userId, USER_ID);
  assert.deepEqual(auth.requests, ["GET /auth/v1/.well-known/jwks.json"]);
});

Deno.test("authenticate() asks Auth for 100 tokens at a time, and lets 1,000 wait: OVERLOADED", async () => {
  const key = await generateSigningKey("ES256");
  const { authenticate, asked } = authenticateSlowly([key.jwk]);
  const known = await key.sign(claims());
  const token = unsignedToken(claims());
  const settled = Promise.allSettled(Array.from({ length: 1000 }, () => authenticate(token)));
  await assert.rejects(authenticate(token), code("OVERLOADED"));
  assert.equal(asked.length, 100);
  assert.equal((await authenticate(known)).userId, USER_ID, "its key is known: it never waits");
  while (asked.length > 0) {
    for (const refuse of asked.splice(0)) refuse();
    await new Promise((resolve) => setTimeout(resolve));
  }
  await settled;
  const afterwards = authenticate(token);
  assert.equal(asked.length, 1, "asks again once there is room");
  asked[0]?.();
  await assert.rejects(afterwards, code("AUTH_INVALID"));
});

/** Authenticates with an Auth that answers when the test says so: which refuses each token. */
function authenticateSlowly(keys: JWK[] = []) {
  const asked: (() => void)[] = [];
  const refusal = { data: { user: null }, error: new AuthSessionMissingError() } as const;
  const getUser = () =>
    new Promise<typeof refusal>((resolve) => asked.push(() => resolve(refusal)));
  const authenticate = createAuthenticate({ getUser }, {
    signingKeys: () => Promise.resolve(keys),
    clock: { now: Date.now },
  });
  const refuse = (count: number) => asked.splice(0, count).forEach((refuse) => refuse());
  return { authenticate, asked, refuse };
}

Deno.test("authenticate() gives the place of a client that has left to the next one", async () => {
  const { authenticate, asked, refuse } = authenticateSlowly();
  const token = unsignedToken(claims());
  const left = new AbortController();
  const running = Array.from({ length: 100 }, () => authenticate(token, left));
  const waiting = Array.from({ length: 900 }, () => authenticate(token, left));
  const ended = Promise.allSettled([...running, ...waiting]);
  await assert.rejects(authenticate(token), code("OVERLOADED"));
  left.abort();
  const next = assert.rejects(authenticate(token), code("AUTH_INVALID"));
  refuse(1);
  await assert.rejects(waiting[0]!, { name: "AbortError" });
  await until(() => asked.length === 100, "the one that stays is asked about");
  await assert.rejects(waiting[899]!, { name: "AbortError" });
  refuse(100);
  await next;
  await ended;
  assert.equal(asked.length, 0);
});

Deno.test("authenticate() notices that an HTTP client has left while it waits for its turn", async () => {
  const { authenticate, asked, refuse } = authenticateSlowly();
  const token = unsignedToken(claims());
  const running = Array.from({ length: 100 }, () => authenticate(token));
  const ended = Promise.allSettled(running);
  let request: Request | undefined;
  let outcome: unknown;
  await using server = serveHttp(async (received) => {
    request = received;
    await authenticate(token, received).catch((error) => outcome = error);
    return new Response();
  });
  const client = new AbortController();
  const answer = fetch(server.url, { signal: client.signal });
  await until(() => request !== undefined, "the request arrives");
  client.abort();
  await assert.rejects(answer);
  await until(() => request!.signal.aborted, "the server notices");
  refuse(100);
  await until(() => outcome !== undefined, "its turn comes");
  assert.equal((outcome as Error).name, "AbortError");
  assert.equal(asked.length, 0);
  await ended;
});

Deno.test("authenticate() reads the signal of a client only if it has to wait", async () => {
  const { authenticate, refuse } = authenticateSlowly();
  const token = unsignedToken(claims());
  let reads = 0;
  const client = {
    get signal() {
      reads++;
      return { aborted: false };
    },
  };
  const running = Array.from({ length: 100 }, () => authenticate(token, client));
  assert.equal(reads, 0);
  const waiting = authenticate(token, client);
  assert.equal(reads, 1, "at once, since Deno 2.1 notices nothing later");
  const ended = Promise.allSettled([...running, waiting]);
  refuse(100);
  await Promise.allSettled(running);
  refuse(1);
  await ended;
});

Deno.test("authenticate() spends no request on a key id that is not text", async (t) => {
  await using auth = serveAuth({ keys: [] });
  for (const kid of [1, true, ["a"], {}]) {
    for (const alg of ["ES256", "RS256", "HS256"]) {
      await t.step(`${alg}, ${JSON.stringify(kid)}`, async () => {
        const token = unsignedToken(claims(), { alg, kid });
        await assert.rejects(authenticateAt(auth.url)(token), code("AUTH_INVALID"));
      });
    }
  }
  assert.deepEqual(auth.requests, []);
});

Deno.test("authenticate() does not take a fault of its own for the caller's", async () => {
  const authenticate = createAuthenticate({
    getUser: () => Promise.reject(new RangeError("a bug")),
  }, { signingKeys: () => Promise.resolve([]), clock: { now: Date.now } });
  await assert.rejects(authenticate(unsignedToken(claims())), RangeError);
});

Deno.test("authenticate() tells the caller nothing of what happened inside", async () => {
  await using auth = serveAuth({
    user: () => Response.json({ msg: "connection to 10.0.0.7 refused" }, { status: 500 }),
  });
  await assert.rejects(authenticateAt(auth.url)(unsignedToken(claims())), (error: Error) => {
    assert.ok(!error.message.includes("10.0.0.7"));
    assert.ok(String(error.cause).includes("10.0.0.7"), "the log is told");
    return true;
  });
});
