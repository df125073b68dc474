import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import fc from "fast-check";
import {
  type FileSource,
  MAX_BYTES,
  processFile,
  UnprocessableFileError,
} from "../../demo/processing/process_file.ts";
import { type Progress, STAGES } from "../../demo/processing/stage.ts";

const ignore = () => {};

Deno.test("processFile() counts, compresses, embeds and digests real bytes", async () => {
  const file = new Blob([`Zürich 🚀 grüßt\nthe world\r\n${"echo ".repeat(1000)}`]);
  const results = await processFile(file, { report: ignore });

  assert.equal(results.bytes, 5032);
  assert.equal(results.characters, 5026);
  assert.equal(results.words, 1005);
  assert.equal(results.lines, 3);
  assert.equal(results.undecodable, 0);
  assert.ok(results.compressedBytes > 20 && results.compressedBytes < 150);
  assert.equal(results.vector.length, 256);
  const digest = createHash("sha256").update(await file.bytes()).digest("hex");
  assert.equal(results.digest, digest);
});

Deno.test("processFile() gives the same results however the bytes are cut", async () => {
  await fc.assert(
    fc.asyncProperty(anyBytes, cuts, async (bytes, sizes) => {
      const whole = await processFile(new Blob([bytes]), { report: ignore });
      const cut = await processFile(inChunks(bytes, sizes), { report: ignore });
      // How gzip groups its blocks may follow the chunks; everything else may not.
      assert.deepEqual({ ...cut, compressedBytes: 0 }, { ...whole, compressedBytes: 0 });
    }),
    { numRuns: 300 },
  );
});

Deno.test("processFile() reports every stage in order, and progress that never falls", async () => {
  await fc.assert(
    fc.asyncProperty(anyBytes, cuts, async (bytes, sizes) => {
      const steps: Progress[] = [];
      await processFile(inChunks(bytes, sizes), { report: (step) => void steps.push(step) });

      const progress = steps.map((step) => step.progress);
      assert.deepEqual(progress, progress.toSorted((a, b) => a - b));
      assert.ok(progress.every(Number.isInteger));
      assert.equal(progress.at(0), 0);
      assert.equal(progress.at(-1), 100);
      const stages = steps.map((step) => step.stage);
      assert.deepEqual(stages.filter((stage, i) => stage !== stages[i - 1]), STAGES);
    }),
    { numRuns: 300 },
  );
});

Deno.test("processFile() begins each stage at a quarter of the work", async () => {
  const steps: Progress[] = [];
  const file = inChunks(new Uint8Array(1000), [10]);
  await processFile(file, { report: (step) => void steps.push(step) });
  const begins = STAGES.map((stage) => steps.find((step) => step.stage === stage)?.progress);
  assert.deepEqual(begins, [0, 25, 50, 75]);
  assert.ok(steps.length > 100);
});

Deno.test("processFile() waits for a report before it goes on", async () => {
  let open = 0;
  const report = async () => {
    assert.equal(++open, 1);
    await new Promise((resolve) => setTimeout(resolve));
    open--;
  };
  await processFile(inChunks(new Uint8Array(40), [10]), { report });
});

Deno.test("processFile() rejects an empty file", async () => {
  await assert.rejects(
    processFile(new Blob([]), { report: ignore }),
    new UnprocessableFileError("The file is empty."),
  );
});

Deno.test("processFile() rejects a file above 50 MB unread", async () => {
  const file = { size: MAX_BYTES + 1, stream: () => assert.fail("must not be read") };
  await assert.rejects(
    processFile(file, { report: ignore }),
    new UnprocessableFileError(
      "The file is too large: 50,000,001 bytes, and the limit is 50,000,000 bytes.",
    ),
  );
});

Deno.test("processFile() takes a file of exactly the limit", async () => {
  const file = new Blob(["12345"]);
  assert.equal((await processFile(file, { report: ignore, maxBytes: 5 })).bytes, 5);
  await assert.rejects(processFile(file, { report: ignore, maxBytes: 4 }), UnprocessableFileError);
});

for (const [change, size] of [["grows", 9], ["shrinks", 11]] as const) {
  Deno.test(`processFile() rejects a file that ${change} while it is read`, async () => {
    const file = { size, stream: () => new Blob(["0123456789"]).stream() };
    await assert.rejects(
      processFile(file, { report: ignore }),
      new UnprocessableFileError("The file changed while it was processed."),
    );
  });
}

Deno.test("processFile() passes on what a failing read throws", async () => {
  const failure = new Error("disk on fire");
  const stream = () => new ReadableStream({ pull: () => Promise.reject(failure) });
  await assert.rejects(processFile({ size: 1, stream }, { report: ignore }), failure);
});

Deno.test("processFile() passes on what report() throws, and stops reading", async () => {
  let cancelled = false;
  const stream = () =>
    new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(10)),
      cancel: () => void (cancelled = true),
    });
  const failure = new Error("no write");
  const report = ({ progress }: Progress) => {
    if (progress >= 5) throw failure;
  };
  await assert.rejects(processFile({ size: 1000, stream }, { report }), failure);
  assert.ok(cancelled);
});

for (const stage of STAGES) {
  Deno.test(`processFile() stops at once when aborted in ${stage}`, async () => {
    const abort = new AbortController();
    const reason = new Error("deleted");
    const steps: Progress[] = [];
    const report = (step: Progress) => {
      steps.push(step);
      if (step.stage === stage && step.progress % 25 === 10) abort.abort(reason);
    };
    const file = inChunks(new Uint8Array(1000), [1]);
    await assert.rejects(processFile(file, { report, signal: abort.signal }), reason);
    const { progress } = steps.at(-1)!;
    assert.ok(progress < STAGES.indexOf(stage) * 25 + 20, `went on to ${progress} %`);
  });
}

Deno.test("processFile() does not begin with an aborted signal", async () => {
  const file = { size: 1, stream: () => assert.fail("must not be read") };
  const signal = AbortSignal.abort(new Error("gone"));
  await assert.rejects(processFile(file, { report: ignore, signal }), new Error("gone"));
});

/** Text with every length of UTF-8 sequence and long runs of letters, or any bytes at all. */
const anyBytes = fc.oneof(
  fc.string({ unit: "binary", minLength: 1, maxLength: 200 })
    .map((text) => new TextEncoder().encode(text)),
  fc.array(
    fc.constantFrom("é", "語", "🚀", "a", "Σ", " ", "\n", "\r\n", "\ufeff", "ab".repeat(50)),
    {
      minLength: 1,
    },
  ).map((parts) => new TextEncoder().encode(parts.join(""))),
  fc.uint8Array({ minLength: 1, maxLength: 200 }),
) as fc.Arbitrary<Uint8Array<ArrayBuffer>>;

const cuts = fc.array(fc.integer({ min: 1, max: 70 }), { minLength: 1, maxLength: 5 });

/** A file whose stream comes in chunks of the given sizes, taken in turn. */
function inChunks(bytes: Uint8Array<ArrayBuffer>, sizes: readonly number[]): FileSource {
  const stream = () => {
    let start = 0;
    let turn = 0;
    return new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        if (start >= bytes.length) return controller.close();
        const end = start + sizes[turn++ % sizes.length]!;
        controller.enqueue(bytes.slice(start, end));
        start = end;
      },
    });
  };
  return { size: bytes.length, stream };
}
