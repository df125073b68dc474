import assert from "node:assert/strict";
import { fillTemplate } from "../../../../setup/sql/fill_template.ts";

Deno.test("fillTemplate() replaces a name wherever it stands", () => {
  assert.equal(fillTemplate("{{a}}.{{b}}\n{{a}}", { a: "x", b: "$&" }), "x.$&\nx");
});

Deno.test("fillTemplate() indents all lines of a value like its placeholder", () => {
  assert.equal(
    fillTemplate("begin\n  do {{a}};", { a: "(\n  1\n)" }),
    "begin\n  do (\n    1\n  );",
  );
});

Deno.test("fillTemplate() doubles quotes in a text, and percent signs in a format", () => {
  const values = { name: "50% o'clock" };
  assert.equal(fillTemplate("'{{name:text}}'", values), "'50% o''clock'");
  assert.equal(fillTemplate("raise 'no {{name:format}}'", values), "raise 'no 50%% o''clock'");
});

Deno.test("fillTemplate() refuses a name without a value", () => {
  assert.throws(() => fillTemplate("{{toString}}", {}), /no value for \{\{toString\}\}/);
});
