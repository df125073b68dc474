import assert from "node:assert/strict";
import { acceptsOnlyJson } from "../../../supabase/functions/file-events/http/accepts_only_json.ts";

const YES = [
  "application/json",
  "Application/JSON",
  "  application/json  ",
  "application/json;q=1",
  "application/json ; charset=utf-8",
];
const NO = [
  "",
  "*/*",
  "text/event-stream",
  "application/json, text/plain, */*",
  "application/json;q=0.9, text/event-stream",
  "application/json, */*",
  "text/event-stream, application/json",
  "application/jsonl",
  "application/json+problem",
  "application/*",
];

Deno.test("acceptsOnlyJson() knows a client that accepts JSON and nothing else", () => {
  for (const Accept of YES) assert.ok(acceptsOnlyJson(new Headers({ Accept })), Accept);
  for (const Accept of NO) assert.ok(!acceptsOnlyJson(new Headers({ Accept })), Accept);
  assert.ok(!acceptsOnlyJson(new Headers()));
});
