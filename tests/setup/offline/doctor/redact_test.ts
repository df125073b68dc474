import assert from "node:assert/strict";
import { createRedact, passwordsOf } from "../../../../setup/doctor/redact.ts";

Deno.test("redact() hides a secret in each of its forms, the longest first", () => {
  const url = "postgres://me:p%40ss%22word@host/db";
  const redact = createRedact(() => [undefined, "", "key+1/2", ...passwordsOf(url), url]);
  const text = `key%2B1%2F2 | ${url} | p@ss"word | p%40ss%22word | ${JSON.stringify('p@ss"word')}`;
  assert.equal(redact(text), '[hidden] | [hidden] | [hidden] | [hidden] | "[hidden]"');
});

Deno.test("redact() hides what became a secret after it was made", () => {
  const secrets: string[] = [];
  const redact = createRedact(() => secrets);
  secrets.push("a-token");
  assert.equal(redact("Bearer a-token"), "Bearer [hidden]");
});
