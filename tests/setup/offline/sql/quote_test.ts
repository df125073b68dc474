import assert from "node:assert/strict";
import { quoteIdentifier, quoteLiteral, quoteTable } from "../../../../setup/sql/quote.ts";

Deno.test("quoteIdentifier() leaves the default names as they are and quotes all others", () => {
  assert.equal(quoteIdentifier("user_id"), "user_id");
  assert.equal(quoteIdentifier("user"), '"user"');
  assert.equal(quoteIdentifier('a"b'), '"a""b"');
});

Deno.test("quoteTable() quotes schema and table on their own", () => {
  assert.equal(quoteTable({ schema: "public", table: "Order Items" }), 'public."Order Items"');
  assert.equal(quoteTable({ schema: "a.b", table: "files" }), '"a.b".files');
});

Deno.test("quoteLiteral() doubles quotes, and backslashes whatever the setting is", () => {
  assert.equal(quoteLiteral("it's"), "'it''s'");
  assert.equal(quoteLiteral("a\\'b"), "E'a\\\\''b'");
});
