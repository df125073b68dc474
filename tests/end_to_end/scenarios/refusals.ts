import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { corsHeaders } from "@supabase/supabase-js/cors";
import type { Scenario, Stage } from "../scenario.ts";
import type { TestUser } from "../../support/test_user.ts";

/** Tokens that open nothing, by what is wrong with them. */
const badTokens: readonly {
  readonly name: string;
  readonly code: string;
  authorization(user: TestUser, stage: Stage): string | null | Promise<string>;
}[] = [
  { name: "no token", code: "AUTH_REQUIRED", authorization: () => null },
  { name: "an empty token", code: "AUTH_REQUIRED", authorization: () => "Bearer " },
  { name: "a malformed token", code: "AUTH_INVALID", authorization: () => "Bearer a.b.c" },
  { name: "another scheme", code: "AUTH_INVALID", authorization: () => "Basic dXNlcjpwdw==" },
  {
    name: "a forged signature",
    code: "AUTH_INVALID",
    authorization({ token }) {
      const signature = token.slice(token.lastIndexOf(".") + 1);
      const forged = (signature[0] === "A" ? "B" : "A") + signature.slice(1);
      return `Bearer ${token.slice(0, -signature.length)}${forged}`;
    },
  },
  {
    name: "another user's id under the own signature",
    code: "AUTH_INVALID",
    authorization: ({ token }) => `Bearer ${withPayload(token, { sub: crypto.randomUUID() })}`,
  },
  {
    name: "alg: none",
    code: "AUTH_INVALID",
    authorization({ token }) {
      const header = base64Url({ alg: "none", typ: "JWT" });
      return `Bearer ${header}.${token.split(".")[1]}.`;
    },
  },
  {
    name: "another project's token",
    code: "AUTH_INVALID",
    authorization: ({ token }) => sign(token, "the-secret-of-some-other-project-entirely"),
  },
  {
    name: "the publishable key",
    code: "AUTH_INVALID",
    authorization: (_, { target }) => `Bearer ${target.publishableKey}`,
  },
  {
    name: "the secret key",
    code: "AUTH_INVALID",
    authorization: (_, { target }) => `Bearer ${target.secretKey}`,
  },
];

/** Requests that open no stream, and how they are told. */
export const refusals: readonly Scenario[] = [
  ...badTokens.map(({ name, code, authorization }): Scenario => ({
    name: `${name}: 401 ${code}, as one event with a long retry`,
    async run(stage) {
      const user = stage.anyone;
      const answer = await stage.refusal(user, {
        authorization: await authorization(user, stage),
      });
      assert.deepEqual([answer.status, answer.code], [401, code]);
      const [, retry] = /^retry: (\d+)\ndata: \{.*\}\n\n$/.exec(answer.body) ?? [];
      assert.ok(Number(retry) > 120_000, `a client that repeats a 401 waits: ${answer.body}`);
      assert.ok(answer.error);
      assert.equal(answer.headers.get("content-type"), "text/event-stream");
      // Or a page could not tell why.
      assert.equal(answer.headers.get("access-control-allow-origin"), "*");
      assert.equal(answer.headers.get("access-control-expose-headers"), "Retry-After");
    },
  })),
  {
    name: "methods other than GET: 405 METHOD_NOT_ALLOWED with Allow",
    async run(stage) {
      const user = stage.anyone;
      for (const method of ["POST", "PUT", "PATCH", "DELETE"]) {
        const { status, code, headers } = await stage.refusal(user, { method });
        assert.deepEqual([status, code], [405, "METHOD_NOT_ALLOWED"], method);
        assert.equal(headers.get("allow"), "GET, OPTIONS");
      }
      const { status } = await stage.refusal(user, { method: "HEAD" });
      assert.equal(status, 405);
    },
  },
  {
    name: "a preflight needs no token and allows what clients send",
    async run(stage) {
      const { status, headers } = await stage.refusal(stage.anyone, {
        method: "OPTIONS",
        authorization: null,
        headers: {
          "Origin": "https://app.example.com",
          "Access-Control-Request-Method": "GET",
          "Access-Control-Request-Headers": "authorization,last-event-id,sentry-trace",
        },
      });
      assert.ok(status === 200 || status === 204, String(status));
      assert.equal(headers.get("access-control-allow-origin"), "*");
      assert.match(headers.get("access-control-allow-methods")!, /GET/);
      const allowed = headers.get("access-control-allow-headers")!.toLowerCase().split(/, */);
      const sentBySdk = corsHeaders["Access-Control-Allow-Headers"]!.split(/, */);
      for (const name of [...sentBySdk, "x-region", "last-event-id", "sentry-trace"]) {
        assert.ok(allowed.includes(name), name);
      }
    },
  },
];

function withPayload(token: string, claims: Record<string, unknown>): string {
  const [header, payload, signature] = token.split(".");
  const changed = { ...JSON.parse(Buffer.from(payload!, "base64url").toString()), ...claims };
  return `${header}.${base64Url(changed)}.${signature}`;
}

async function sign(token: string, secret: string): Promise<string> {
  const content = `${base64Url({ alg: "HS256", typ: "JWT" })}.${token.split(".")[1]}`;
  const key = await crypto.subtle.importKey(
    "raw",
    new TextEncoder().encode(secret),
    { name: "HMAC", hash: "SHA-256" },
    false,
    ["sign"],
  );
  const signature = await crypto.subtle.sign("HMAC", key, new TextEncoder().encode(content));
  return `Bearer ${content}.${Buffer.from(signature).toString("base64url")}`;
}

function base64Url(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
