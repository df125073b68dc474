import assert from "node:assert/strict";
import {
  parseFileDeletion,
  parseFileUpdate,
} from "../../../supabase/functions/file-events/rows/parse_file_change.ts";
import { fileId } from "../../support/example_change.ts";

const ROW = {
  id: fileId(1),
  user_id: "11111111-1111-4111-8111-111111111111",
  filename: "document.pdf",
  file_type: "application/pdf",
  status: "processing",
  progress: 50,
  processing_stage: "compression",
  error_message: null,
  created_at: "2026-11-23T10:30:00.000Z",
  updated_at: "2026-11-23T10:30:00.000Z",
  revision: 812,
  changed_in: "1093",
};

function parseFile(row: Record<string, unknown>) {
  const change = parseFileUpdate({ ...ROW, ...row });
  assert.ok(change && !change.deleted);
  return change.file;
}

Deno.test("parseFileUpdate() reads the streamed columns and nothing else", () => {
  assert.deepEqual(parseFileUpdate(ROW), {
    id: fileId(1),
    revision: 812,
    changedIn: 1093n,
    deleted: false,
    file: {
      id: fileId(1),
      filename: "document.pdf",
      file_type: "application/pdf",
      status: "processing",
      progress: 50,
      processing_stage: "compression",
      error_message: null,
      created_at: "2026-11-23T10:30:00.000Z",
      revision: 812,
    },
    isFinal: false,
  });
});

Deno.test("parseFileUpdate() takes a transaction id as text or number, beyond 2^53 too", () => {
  assert.equal(parseFileUpdate({ ...ROW, changed_in: 7 })?.changedIn, 7n);
  const largest = "18446744073709551615";
  assert.equal(parseFileUpdate({ ...ROW, changed_in: largest })?.changedIn, BigInt(largest));
});

Deno.test("parseFileUpdate() refuses a row that lacks a field, as Realtime's too large ones do", async (t) => {
  const columns = [
    "id",
    "filename",
    "file_type",
    "status",
    "progress",
    "processing_stage",
    "error_message",
    "revision",
    "changed_in",
  ];
  for (const column of columns) {
    await t.step(column, () => {
      assert.equal(parseFileUpdate({ ...ROW, [column]: undefined }), undefined);
    });
  }
});

Deno.test("parseFileUpdate() refuses a row that does not say which state of which file it is", async (t) => {
  const cases: [string, unknown][] = [
    ["id", 1],
    ["id", null],
    ["revision", "812"],
    ["revision", 1.5],
    ["revision", 2 ** 53],
    ["changed_in", "-1"],
    ["changed_in", "abc"],
    ["changed_in", ""],
    ["changed_in", 1.5],
    ["changed_in", null],
  ];
  for (const [column, value] of cases) {
    await t.step(`${column}: ${JSON.stringify(value)}`, () => {
      assert.equal(parseFileUpdate({ ...ROW, [column]: value }), undefined);
    });
  }
  for (const row of [undefined, null, "row", 1, []]) {
    await t.step(`row: ${JSON.stringify(row)}`, () => {
      assert.equal(parseFileUpdate(row), undefined);
    });
  }
});

const FIELDS = [
  "filename",
  "file_type",
  "status",
  "progress",
  "processing_stage",
  "error_message",
  "created_at",
] as const;

Deno.test("parseFileUpdate() reads null in any field as null, and misses nothing", async (t) => {
  for (const field of FIELDS) {
    await t.step(field, () => {
      const lost: unknown[] = [];
      const change = parseFileUpdate({ ...ROW, [field]: null }, (...row) => lost.push(row));
      assert.ok(change && !change.deleted);
      assert.equal(change.file[field], null);
      assert.deepEqual(lost, []);
    });
  }
});

Deno.test("parseFileUpdate() reads what a field can't carry as null, and says so", async (t) => {
  const cases: [(typeof FIELDS)[number], unknown][] = [
    ["filename", 1],
    ["file_type", { mime: "text/plain" }],
    ["status", true],
    ["progress", "40%"],
    ["progress", "NaN"],
    ["progress", "Infinity"],
    ["progress", [40]],
    ["processing_stage", {}],
    ["error_message", ["failed"]],
    ["created_at", 1_700_000_000],
    ["created_at", "infinity"],
    ["created_at", "yesterday"],
  ];
  for (const [field, value] of cases) {
    await t.step(`${field}: ${JSON.stringify(value)}`, () => {
      const lost: unknown[] = [];
      const change = parseFileUpdate({ ...ROW, [field]: value }, (...row) => lost.push(row));
      assert.ok(change && !change.deleted);
      assert.equal(change.file[field], null);
      assert.deepEqual(lost, [[ROW.id, [field]]]);
    });
  }
});

Deno.test("parseFileUpdate() puts extra columns beside the fields, under their own names", () => {
  const extra = JSON.parse('{"page_count":3,"tags":["a"],"constructor":null,"__proto__":{"x":1}}');
  const file = parseFile({ extra });
  assert.equal(
    JSON.stringify(file).replace(/.*"created_at":"[^"]*",/, ""),
    '"page_count":3,"tags":["a"],"constructor":null,"__proto__":{"x":1},"revision":812}',
  );
  assert.equal(Object.getPrototypeOf(file), Object.prototype);
});

Deno.test("parseFileUpdate() lets no extra column take the place of a field", () => {
  const extra = { id: "other", status: "other", created_at: "other", revision: 1, pages: 3 };
  assert.deepEqual(parseFile({ extra }), { ...parseFile({}), pages: 3 });
});

Deno.test("parseFileUpdate() reads no extra columns from what is no object", () => {
  for (const extra of [null, "text", ["a"], 1]) {
    assert.deepEqual(parseFile({ extra }), parseFile({}));
  }
});

const FINALITY: [fields: Record<string, unknown>, isFinal: boolean][] = [
  [{ status: "archived", final: true }, true],
  [{ status: "ready", final: false }, false],
  [{ status: "ready" }, true],
  [{ status: "failed" }, true],
  [{ status: null }, true],
  [{ status: "archived" }, false],
  [{ status: "processing", final: null }, false],
];
for (const [fields, isFinal] of FINALITY) {
  Deno.test(`parseFileUpdate() says whether a file is final: ${JSON.stringify(fields)}`, () => {
    const change = parseFileUpdate({ ...ROW, ...fields });
    assert.ok(change && !change.deleted);
    assert.equal(change.isFinal, isFinal);
  });
}

Deno.test("parseFileUpdate() reads a table without created_at", () => {
  assert.equal(parseFile({ created_at: undefined }).created_at, null);
});

Deno.test("parseFileUpdate() keeps newlines, quotes and emoji as they are", () => {
  const text = 'line 1\nline 2\r\n"quoted" \\ \u2028 🦊 <b>é</b>\tdata: x\n\n';
  const file = parseFile({ filename: text, error_message: text });
  assert.equal(file.filename, text);
  assert.equal(file.error_message, text);
});

Deno.test("parseFileUpdate() cuts an error message of 100 kB to 4 KB, characters whole", () => {
  const bytes = (text: string | null) => new TextEncoder().encode(text ?? "").length;
  const emoji = parseFile({ error_message: `x${"🦊".repeat(25_000)}` }).error_message;
  assert.equal(bytes(emoji), 1 + 1023 * 4);
  assert.match(emoji ?? "", /^x(🦊)+$/u);
  assert.equal(bytes(parseFile({ error_message: "x".repeat(100_000) }).error_message), 4096);
});

Deno.test("parseFileUpdate() cuts a filename to 1 KB", () => {
  assert.equal(parseFile({ filename: "é".repeat(600) }).filename, "é".repeat(512));
});

Deno.test("parseFileUpdate() keeps an empty error message apart from none", () => {
  assert.equal(parseFile({ error_message: "" }).error_message, "");
});

Deno.test("parseFileDeletion() reads a tombstone", () => {
  const row = { revision: 813, id: fileId(1), user_id: ROW.user_id, changed_in: "1094" };
  const change = { id: fileId(1), revision: 813, changedIn: 1094n, deleted: true };
  assert.deepEqual(parseFileDeletion(row), change);
});

Deno.test("parseFileDeletion() refuses a row that lacks a field", async (t) => {
  const row = { revision: 813, id: fileId(1), changed_in: "1094" };
  for (const column of Object.keys(row)) {
    await t.step(column, () => {
      assert.equal(parseFileDeletion({ ...row, [column]: undefined }), undefined);
    });
  }
  assert.equal(parseFileDeletion(null), undefined);
});
