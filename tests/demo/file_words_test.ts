import assert from "node:assert/strict";
import type { FileState } from "../../client/protocol.ts";
import { errorOf, nameOf, percentOf, stageOf, statusOf } from "../../demo/page/file_words.ts";

const nothing: FileState = {
  id: "7d9f3c1e-0b1a-4c55-9a70-2f1a40f0b3aa",
  filename: null,
  file_type: null,
  status: null,
  progress: null,
  processing_stage: null,
  error_message: null,
  created_at: null,
  revision: 7,
};

Deno.test("a file of which nothing is known has words all the same", () => {
  assert.deepEqual(
    [nameOf(nothing), percentOf(nothing), statusOf(nothing), stageOf(nothing), errorOf(nothing)],
    ["Unnamed file", null, "no status", "no status", ""],
  );
  assert.equal(nameOf({ filename: "" }), "Unnamed file");
});

const cases: [Partial<FileState>, number | null, string, string][] = [
  [{ status: "pending", progress: 0 }, 0, "pending", "pending"],
  [
    { status: "processing", progress: 40, processing_stage: "compression" },
    40,
    "40 %",
    "compression",
  ],
  [{ status: "processing" }, null, "processing", "processing"],
  [{ status: "queued" }, null, "queued", "queued"],
  [{ status: "running", progress: 40, processing_stage: "ocr" }, 40, "running, 40 %", "ocr"],
  [{ status: null, progress: 40 }, 40, "40 %", "no status"],
  [{ status: "ready", progress: 100, processing_stage: "ocr" }, 100, "ready", "ready"],
  [{ status: "ready" }, 100, "ready", "ready"],
  [{ status: "failed", progress: 30, processing_stage: "ocr" }, 30, "failed", "failed in ocr"],
  [{ status: "processing", progress: 120.7 }, 100, "100 %", "processing"],
  [{ status: "processing", progress: -1 }, 0, "0 %", "processing"],
  [{ status: "processing", progress: 33.4 }, 33, "33 %", "processing"],
];

for (const [known, percent, status, stage] of cases) {
  Deno.test(`a file with ${JSON.stringify(known)} is "${status}" and "${stage}"`, () => {
    const file = { ...nothing, ...known };
    assert.deepEqual([percentOf(file), statusOf(file), stageOf(file)], [percent, status, stage]);
  });
}

Deno.test("words of others can't act in a file's words", () => {
  const odd = "\u202ea\u009b";
  const file = { ...nothing, filename: odd, status: odd, processing_stage: odd };
  const seen = "\\u202ea\\u009b";
  assert.deepEqual([nameOf(file), statusOf(file), stageOf(file)], [seen, seen, seen]);
  assert.equal(errorOf({ ...file, error_message: `one\r\n${odd}` }), `one\n${seen}`);
});
