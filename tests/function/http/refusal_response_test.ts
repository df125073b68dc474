import assert from "node:assert/strict";
import { Refusal, type RefusalCode } from "../../../supabase/functions/file-events/http/refusal.ts";
import { refusalResponse } from "../../../supabase/functions/file-events/http/refusal_response.ts";

const STATUS: [RefusalCode, number][] = [
  ["AUTH_REQUIRED", 401],
  ["AUTH_INVALID", 401],
  ["AUTH_EXPIRED", 401],
  ["INVALID_PARAMETER", 400],
  ["METHOD_NOT_ALLOWED", 405],
  ["URI_TOO_LONG", 414],
  ["TOO_MANY_STREAMS", 429],
  ["SSE_SETUP_ERROR", 500],
  ["UPSTREAM_UNAVAILABLE", 503],
  ["OVERLOADED", 503],
];

const random = () => 0.5;

for (const isPoll of [false, true]) {
  const how = isPoll ? "to a poll as JSON" : "as JSON, 401 as an event with a long retry";
  Deno.test(`refusalResponse() answers each code with its status, ${how}`, async (t) => {
    for (const [code, status] of STATUS) {
      await t.step(`${code} is ${status}`, () => check(code, status, isPoll));
    }
  });
}

async function check(code: RefusalCode, status: number, isPoll: boolean): Promise<void> {
  const response = refusalResponse(new Refusal(code, "What's wrong"), { random, isPoll });
  assert.equal(response.status, status);
  const text = await response.text();
  const framed = status === 401 && !isPoll;
  assert.equal(
    response.headers.get("Content-Type"),
    framed ? "text/event-stream" : "application/json",
  );
  const json = framed ? /^retry: 300000\ndata: (.*)\n\n$/.exec(text)?.[1] : text;
  assert.deepEqual(JSON.parse(json ?? ""), { error: "What's wrong", code });
  const isTemporary = status === 429 || status === 503;
  assert.equal(response.headers.get("Retry-After"), isTemporary ? "10" : null);
  assert.equal(response.headers.get("Allow"), status === 405 ? "GET, OPTIONS" : null);
}

Deno.test("refusalResponse() keeps the cause to itself", async () => {
  const error = new Refusal("UPSTREAM_UNAVAILABLE", "Try again", { cause: new Error("secret") });
  assert.ok(!(await refusalResponse(error, { random, isPoll: false }).text()).includes("secret"));
});
