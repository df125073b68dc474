import assert from "node:assert/strict";
import type { Answer } from "../../../../setup/doctor/answer.ts";
import { judgeCatchUp } from "../../../../setup/doctor/judge/judge_catch_up.ts";
import {
  judgeCaller,
  judgeDeployed,
  judgeGateway,
} from "../../../../setup/doctor/judge/judge_function.ts";
import { judgeJoin } from "../../../../setup/doctor/judge/judge_join.ts";
import { judgeOrigin } from "../../../../setup/doctor/judge/judge_origin.ts";
import { judgeProject } from "../../../../setup/doctor/judge/judge_project.ts";
import { judgeSignIn, judgeToken } from "../../../../setup/doctor/judge/judge_sign_in.ts";
import { judgeWrite } from "../../../../setup/doctor/judge/judge_write.ts";
import type { Verdict } from "../../../../setup/doctor/verdict.ts";

/** A status, the body, and what must be found: "ok" or a code. */
type Case = readonly [status: number, body: unknown, expected: string];

function answer(status: number, body: unknown, headers: HeadersInit = {}): Answer {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return { status, text, headers: new Headers(headers), milliseconds: 1 };
}

const found = (verdict: Verdict) => verdict.status === "broken" ? verdict.code : verdict.status;

function judges(judge: (answer: Answer) => Verdict, cases: readonly Case[]): void {
  for (const [status, body, expected] of cases) {
    Deno.test(`${judge.name}() finds ${expected} in ${status} ${JSON.stringify(body)}`, () =>
      assert.equal(found(judge(answer(status, body))), expected));
  }
}

const refusal = (code: string) => `retry: 300000\ndata: {"error":"…","code":"${code}"}\n\n`;

judges(judgeProject, [
  [200, { external: {} }, "ok"],
  [0, "", "project-unreachable"],
  [401, { message: "Invalid API key" }, "key-refused"],
  [540, { message: "Project paused" }, "project-paused"],
  [503, "upstream connect error", "project-unavailable"],
  [429, "", "project-unavailable"],
  [200, "<html>", "not-supabase"],
  [404, "", "not-supabase"],
]);

judges(judgeSignIn, [
  [200, { access_token: "x" }, "ok"],
  [400, { error_code: "invalid_credentials" }, "password-refused"],
  [400, { error: "invalid_grant" }, "password-refused"],
  [400, { error_code: "email_not_confirmed" }, "email-unconfirmed"],
  [400, { error_code: "captcha_failed" }, "password-sign-in-off"],
  [422, { error_code: "email_provider_disabled" }, "password-sign-in-off"],
  [429, { error_code: "over_request_rate_limit" }, "sign-in-limited"],
  [429, "", "sign-in-limited"],
  [403, { error_code: "user_banned" }, "sign-in-refused"],
  [0, "", "auth-unavailable"],
  [504, "", "auth-unavailable"],
]);

judges(judgeToken, [
  [200, {}, "ok"],
  [403, { error_code: "bad_jwt" }, "token-refused"],
  [404, { error_code: "user_not_found" }, "token-refused"],
  [429, "", "auth-unavailable"],
  [500, "", "auth-unavailable"],
]);

judges(judgeDeployed, [
  [401, refusal("AUTH_REQUIRED"), "ok"],
  [404, { code: "NOT_FOUND" }, "function-not-deployed"],
  [503, { code: "BOOT_ERROR" }, "function-not-starting"],
  [503, { code: "OVERLOADED" }, "function-unavailable"],
  [546, { code: "WORKER_LIMIT" }, "function-unavailable"],
  [0, "", "function-unavailable"],
]);

judges(judgeGateway, [
  [401, refusal("AUTH_REQUIRED"), "ok"],
  [401, { code: 401, message: "Missing authorization header" }, "gateway-check-on"],
  [401, { code: "UNAUTHORIZED_NO_AUTH_HEADER" }, "gateway-check-on"],
  [401, { message: "No API key found in request" }, "gateway-wants-key"],
  [200, "hello", "function-unknown"],
]);

judges(judgeCaller, [
  [400, { code: "INVALID_PARAMETER" }, "ok"],
  [200, "", "ok"],
  [401, refusal("AUTH_INVALID"), "token-not-accepted"],
  [401, refusal("AUTH_EXPIRED"), "token-expired"],
  [401, { message: "Invalid JWT" }, "token-not-accepted"],
  [503, { code: "UPSTREAM_UNAVAILABLE" }, "function-cannot-reach-auth"],
  [503, { code: "OVERLOADED" }, "function-overloaded"],
  [429, { code: "TOO_MANY_STREAMS" }, "too-many-streams"],
  [500, { code: "SSE_SETUP_ERROR" }, "function-failed"],
  [502, "<html>", "function-unavailable"],
  [0, "", "function-unavailable"],
  [418, "", "function-unknown"],
]);

judges(judgeCatchUp, [
  [200, { cursor: "x", files: [], version: 1 }, "ok"],
  [200, { cursor: "x", files: [] }, "ok"],
  [200, { rows: [] }, "schema-other-version"],
  [404, { code: "PGRST202" }, "migration-missing"],
  [404, { code: "42883" }, "migration-missing"],
  [300, { code: "PGRST203" }, "migration-missing"],
  [406, { code: "PGRST106" }, "schema-not-exposed"],
  [401, { code: "PGRST301" }, "data-api-keys"],
  [401, { code: "PGRST303" }, "data-api-keys"],
  [403, { code: "42501" }, "grant-missing"],
  [400, { code: "42703" }, "schema-damaged"],
  [404, { code: "42P01" }, "schema-damaged"],
  [400, { code: "22P02" }, "query-refused"],
  [500, { code: "55000" }, "epoch-stale"],
  [500, { code: "57014" }, "data-api-unavailable"],
  [503, { code: "PGRST001" }, "data-api-unavailable"],
  [0, "", "data-api-unavailable"],
]);

for (
  const [status, body, expected] of [
    [201, "", "done"],
    [403, { code: "42501" }, "forbidden"],
    [406, { code: "PGRST106" }, "forbidden"],
    [404, { code: "PGRST205" }, "forbidden"],
    [400, { code: "23502" }, "refused"],
    [400, { code: "PGRST204" }, "refused"],
    [500, { code: "P0001" }, "refused"],
    [0, "", "unknown"],
    [504, "", "unknown"],
  ] as const satisfies readonly Case[]
) {
  Deno.test(`judgeWrite() finds ${expected} in ${status} ${JSON.stringify(body)}`, () =>
    assert.equal(judgeWrite(answer(status, body)), expected));
}

Deno.test("judgeJoin() tells a missing policy from a limit", () => {
  const reason = "Unauthorized: You do not have permissions to read from this Channel topic";
  assert.equal(found(judgeJoin(reason)), "realtime-policy-missing");
  assert.equal(found(judgeJoin("ChannelRateLimitReached: Too many")), "realtime-refused");
});

const ORIGIN = "https://app.example.com";
const ALLOWED = { "access-control-allow-origin": ORIGIN };
const HEADERS = { "access-control-allow-headers": "apikey, Authorization" };

for (
  const [what, preflight, get, expected] of [
    ["both answers allow", { ...ALLOWED, ...HEADERS }, ALLOWED, "ok"],
    ["any origin may", { "access-control-allow-origin": "*", ...HEADERS }, ALLOWED, "ok"],
    ["the answer does not name", HEADERS, {}, "origin-not-allowed"],
    ["the preflight answer does not name", HEADERS, ALLOWED, "preflight-refused"],
    ["the preflight answer gives no right to send a token", ALLOWED, ALLOWED, "preflight-refused"],
  ] as const
) {
  Deno.test(`judgeOrigin() finds ${expected} for an origin that ${what}`, () => {
    const answers = { preflight: answer(204, "", preflight), get: answer(401, "", get) };
    assert.equal(found(judgeOrigin(ORIGIN, answers)), expected);
  });
}
