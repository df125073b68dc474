import assert from "node:assert/strict";
import { getStaticTOMLValue, parseTOML } from "toml-eslint-parser";
import { addFunctionEntry } from "../../../../setup/config_toml/add_function_entry.ts";
import { exposedSchemas } from "../../../../setup/config_toml/exposed_schemas.ts";
import { removeFunctionEntry } from "../../../../setup/config_toml/remove_function_entry.ts";

const BLOCK = `[functions.file-events]
# The function verifies every token itself. The gateway's check would turn away each native
# EventSource, which cannot send the header that it asks for.
verify_jwt = false`;

/** What a file becomes, by what it is. */
const FILES: Record<string, [before: string, after: string]> = {
  "an empty file": ["", `${BLOCK}\n`],
  "a file of line breaks": ["\n\n", `\n\n\n${BLOCK}\n`],
  "comments": ["# mine\n", `# mine\n\n${BLOCK}\n`],
  "other tables": [
    'project_id = "a"\n\n[api]\nport = 1 # one\n',
    `project_id = "a"

[api]
port = 1 # one

${BLOCK}
`,
  ],
  "no final line break": ["[api]\nport = 1", `[api]\nport = 1\n\n${BLOCK}`],
  "CRLF": [
    "[api]\r\nport = 1\r\n",
    `[api]\r\nport = 1\r\n\r\n${BLOCK.replaceAll("\n", "\r\n")}\r\n`,
  ],
  "CRLF without a final line break": [
    "[api]\r\nport = 1",
    `[api]\r\nport = 1\r\n\r\n${BLOCK.replaceAll("\n", "\r\n")}`,
  ],
  "a byte order mark": ["\uFEFF[api]\nport = 1\n", `\uFEFF[api]\nport = 1\n\n${BLOCK}\n`],
  "nothing but a byte order mark": ["\uFEFF", `\uFEFF${BLOCK}\n`],
  "another function": [
    "[functions.hello]\nverify_jwt = true\n",
    `[functions.hello]\nverify_jwt = true\n\n${BLOCK}\n`,
  ],
  "the table without the key": [
    "[functions.file-events] # ours\nenabled = true\n[api]\n",
    "[functions.file-events] # ours\nverify_jwt = false\nenabled = true\n[api]\n",
  ],
  "the table at the end, without a line break": [
    "[functions.file-events]",
    "[functions.file-events]\nverify_jwt = false",
  ],
  "the check on": [
    "[functions.file-events]\r\nverify_jwt = true # why\r\nenabled = true\r\n",
    "[functions.file-events]\r\nverify_jwt = false # why\r\nenabled = true\r\n",
  ],
  "the check on, as a text": [
    '[functions.file-events]\nverify_jwt = "env(CHECK)"\n',
    "[functions.file-events]\nverify_jwt = false\n",
  ],
  "quoted keys": [
    "[functions.\"file-events\"]\n'verify_jwt' = true\n",
    "[functions.\"file-events\"]\n'verify_jwt' = false\n",
  ],
  "spaces in a header": [
    "[ functions . file-events ]\nverify_jwt=true\n",
    "[ functions . file-events ]\nverify_jwt=false\n",
  ],
  "dotted keys": [
    'functions.file-events.enabled = true\nproject_id = "a"\n',
    'functions.file-events.enabled = true\nfunctions.file-events.verify_jwt = false\nproject_id = "a"\n',
  ],
  "a dotted key with the check on": [
    "functions.file-events.verify_jwt = true\n",
    "functions.file-events.verify_jwt = false\n",
  ],
  "dotted keys of another function": [
    "functions.hello.verify_jwt = true\n[api]\nport = 1\n",
    "functions.hello.verify_jwt = true\nfunctions.file-events.verify_jwt = false\n[api]\nport = 1\n",
  ],
  "dotted keys in a table, indented": [
    "[functions]\n  file-events.enabled = true\n",
    "[functions]\n  file-events.enabled = true\n  file-events.verify_jwt = false\n",
  ],
  "a table of functions": [
    "[functions]\nhello.enabled = true\n[api]\nport = 1\n",
    `[functions]\nhello.enabled = true\n[api]\nport = 1\n\n${BLOCK}\n`,
  ],
  "an inline table": [
    "[functions]\nfile-events = { enabled = true }\n",
    "[functions]\nfile-events = { verify_jwt = false, enabled = true }\n",
  ],
  "an empty inline table": [
    "[functions]\nfile-events = {}\n",
    "[functions]\nfile-events = { verify_jwt = false}\n",
  ],
  "an inline table with the check on": [
    "functions = { file-events = { verify_jwt = true }, a = {} } # all\n",
    "functions = { file-events = { verify_jwt = false }, a = {} } # all\n",
  ],
  "an inline table of another function": [
    "functions = { hello = { enabled = true } }\n",
    "functions = { file-events = { verify_jwt = false }, hello = { enabled = true } }\n",
  ],
  "a table below ours": [
    '[functions.file-events.env]\nA = "b"\n',
    `[functions.file-events.env]\nA = "b"\n\n${BLOCK}\n`,
  ],
  "the table without the key, before one with the key": [
    "[functions.file-events]\nenabled = true\n[functions.hello]\nverify_jwt = false\n",
    "[functions.file-events]\nverify_jwt = false\nenabled = true\n[functions.hello]\nverify_jwt = false\n",
  ],
  "text that looks like our table": [
    'a = """\n[functions.file-events]\nverify_jwt = true\n"""\n# [functions.file-events]\n',
    `a = """\n[functions.file-events]\nverify_jwt = true\n"""\n# [functions.file-events]\n\n${BLOCK}\n`,
  ],
};

for (const [name, [before, after]] of Object.entries(FILES)) {
  Deno.test(`addFunctionEntry() changes one value of ${name}`, () => {
    const { text } = addFunctionEntry(before);
    assert.equal(text, after);
    const { functions } = getStaticTOMLValue(parseTOML(text.replace("\uFEFF", ""))) as {
      functions: { "file-events": { verify_jwt: boolean } };
    };
    assert.equal(functions["file-events"].verify_jwt, false);
    assert.deepEqual(addFunctionEntry(after), { text: after, edit: { kind: "none" } });
  });

  Deno.test(`removeFunctionEntry() takes the entry back from ${name}`, () => {
    const { text, edit } = addFunctionEntry(before);
    assert.equal(removeFunctionEntry(text, edit), before);
  });
}

Deno.test("addFunctionEntry() writes a file where there is none, and remove takes it away", () => {
  const { text, edit } = addFunctionEntry(undefined);
  assert.equal(text, `${BLOCK}\n`);
  assert.equal(removeFunctionEntry(text, edit), undefined);
});

Deno.test("removeFunctionEntry() leaves an entry that was there before", () => {
  const text = "[functions.file-events]\nverify_jwt = false\n";
  assert.equal(removeFunctionEntry(text, addFunctionEntry(text).edit), text);
});

Deno.test("removeFunctionEntry() takes the usual entry away without knowing who made it", () => {
  for (const before of ["[api]\nport = 1\n", "[api]\r\nport = 1"]) {
    assert.equal(removeFunctionEntry(addFunctionEntry(before).text, undefined), before);
  }
});

Deno.test("removeFunctionEntry() takes the entry back when its neighbours have changed", () => {
  const { text, edit } = addFunctionEntry("[api]\nport = 1");
  const later = `${text.replace("1", "2")}\n[auth]\nenabled = true\n`;
  assert.equal(removeFunctionEntry(later, edit), "[api]\nport = 2\n[auth]\nenabled = true\n");
});

Deno.test("removeFunctionEntry() takes the entry back after its line breaks have changed", () => {
  const { text, edit } = addFunctionEntry("[api]\nport = 1\n");
  assert.equal(removeFunctionEntry(text.replaceAll("\n", "\r\n"), edit), "[api]\r\nport = 1\r\n");
});

Deno.test("removeFunctionEntry() removes a table that was changed meanwhile", () => {
  const { text, edit } = addFunctionEntry("[api]\nport = 1\n");
  const later = `${text.replace("# The", "enabled = true\n# My")}[auth]\n`;
  assert.equal(removeFunctionEntry(later, edit), "[api]\nport = 1\n\n[auth]\n");
});

const INVALID: [text: string, line: number][] = [
  ["[api]\nport = x\n", 2],
  ["a = 1\na = 2\n", 2],
  ["a = 1\nb == 2\n", 2],
];

for (const [text, line] of INVALID) {
  Deno.test(`addFunctionEntry() refuses ${JSON.stringify(text)} with its line`, () => {
    assert.throws(() => addFunctionEntry(text), {
      code: "invalid-toml",
      message: new RegExp(`near line ${line}\\b`),
    });
  });
}

for (const text of ["[[functions]]\na = 1\n", "functions = 1\n", "functions.file-events = 1\n"]) {
  Deno.test(`addFunctionEntry() leaves ${JSON.stringify(text)} to the user`, () => {
    assert.throws(() => addFunctionEntry(text), { code: "config-shape" });
  });
}

Deno.test("exposedSchemas() reads what the Data API exposes", () => {
  assert.deepEqual(exposedSchemas('[api]\nschemas = ["public", "app"]\n'), ["public", "app"]);
  assert.deepEqual(exposedSchemas('[api]\nenabled = false\nschemas = ["public"]\n'), []);
  assert.equal(exposedSchemas("[api]\nport = 1\n"), undefined);
  assert.equal(exposedSchemas(""), undefined);
});

Deno.test("removeFunctionEntry() gives no key of our table to the table before it", () => {
  const before = "[functions.hello]\nverify_jwt = true\n";
  const { text, edit } = addFunctionEntry(before);
  const later = `${text}import_map = "mine"\n[auth]\nenabled = true\n`;
  assert.equal(removeFunctionEntry(later, edit), `${before}\n[auth]\nenabled = true\n`);
});

Deno.test("removeFunctionEntry() leaves a table that was there before, whatever became of it", () => {
  const { text, edit } = addFunctionEntry("[functions.file-events]\nenabled = true\n");
  const later = text.replace("verify_jwt = false\n", "verify_jwt=false # no check\n");
  assert.equal(removeFunctionEntry(later, edit), later);
});
