import assert from "node:assert/strict";
import { createClient } from "@supabase/supabase-js";
import { processAndReport } from "../../demo/processing/process_and_report.ts";
import { STAGES } from "../../demo/processing/stage.ts";
import { type Write, WriteError } from "../../demo/processing/write_row.ts";

const id = "7d9f3c1e-0b1a-4c55-9a70-2f1a40f0b3aa";
const UPDATED_AT = "2026-11-23T10:30:00.123456+00:00";

Deno.test("processAndReport() writes each stage's begin, then ready", async () => {
  const table = filesTable();
  const file = new Blob(["hello world"]);
  const outcome = await processAndReport(table.client, { id, file }, atRest());

  assert.deepEqual(table.writes, [
    ...STAGES.map((processing_stage, i) => ({
      status: "processing",
      processing_stage,
      progress: i * 25,
    })),
    { status: "ready", processing_stage: null, progress: 100 },
  ]);
  assert.equal(outcome.status === "ready" && outcome.results.words, 2);
});

Deno.test("processAndReport() writes at most ten steps a second, with the progress of then", async () => {
  const time = { ms: 0 };
  const table = filesTable({ answer: () => void (time.ms += 10) });
  const options = {
    now: () => time.ms,
    wait: (ms: number) => Promise.resolve(void (time.ms += ms)),
  };
  const file = slowFile(1000, () => time.ms++);
  await processAndReport(table.client, { id, file }, options);

  // 4,000 chunks take 4 s; 10 writes in each.
  assert.ok(table.writes.length > 35 && table.writes.length < 50, `${table.writes.length} writes`);
  const progress = table.writes.map((write) => write.progress);
  assert.deepEqual(progress, progress.toSorted((a, b) => a - b));
});

Deno.test("processAndReport() tells of each step once the database has it", async () => {
  const table = filesTable();
  const file = new Blob(["hello"]);
  const known: number[] = [];
  const onStep = () => known.push(table.writes.length);
  await processAndReport(table.client, { id, file }, { ...atRest(), onStep });
  assert.deepEqual(known, [1, 2, 3, 4]);
});

Deno.test("processAndReport() tells what the database says of each write, and when it was made", async () => {
  const table = filesTable();
  const writes: Write[] = [];
  const onWrite = (write: Write) => writes.push(write);
  const before = Date.now();
  await processAndReport(table.client, { id, file: new Blob(["hi"]) }, { ...atRest(), onWrite });
  const after = Date.now();

  assert.deepEqual(writes.map(({ revision }) => revision), [1, 2, 3, 4, 5]);
  for (const { sentAt, answeredAt, ...row } of writes) {
    assert.deepEqual([row.id, row.updated_at], [id, UPDATED_AT]);
    assert.ok(before <= sentAt && sentAt <= answeredAt && answeredAt <= after);
  }
});

Deno.test("processAndReport() says nothing of a write that it had to repeat", async () => {
  const table = filesTable({ answer: (attempt) => attempt === 2 ? json(503, {}) : undefined });
  const revisions: number[] = [];
  const onWrite = ({ revision }: Write) => revisions.push(revision);
  await processAndReport(table.client, { id, file: new Blob(["hi"]) }, { ...atRest(), onWrite });
  assert.deepEqual(revisions, [1, 4, 5, 6]);
});

Deno.test("processAndReport() marks an empty file failed, with the reason", async () => {
  const table = filesTable();
  const outcome = await processAndReport(table.client, { id, file: new Blob([]) }, atRest());
  assert.deepEqual(outcome, { status: "failed", error: "The file is empty." });
  assert.deepEqual(table.writes, [{ status: "failed", error_message: "The file is empty." }]);
});

Deno.test("processAndReport() marks a file above the limit failed, with the sizes", async () => {
  const table = filesTable();
  const file = new Blob(["12345"]);
  await processAndReport(table.client, { id, file }, { ...atRest(), maxBytes: 4 });
  assert.equal(
    table.writes.at(-1)?.error_message,
    "The file is too large: 5 bytes, and the limit is 4 bytes.",
  );
});

Deno.test("processAndReport() marks an unreadable file failed", async () => {
  const table = filesTable();
  const stream = () =>
    new ReadableStream({ pull: () => Promise.reject(new Error("disk on fire")) });
  const outcome = await processAndReport(table.client, { id, file: { size: 1, stream } }, atRest());
  assert.deepEqual(outcome, { status: "failed", error: "The file cannot be read: disk on fire" });
  assert.equal(table.writes.at(-1)?.status, "failed");
});

Deno.test("processAndReport() stops when the row is gone, and calls it withdrawn", async () => {
  const table = filesTable({ answer: (attempt) => attempt === 2 ? json(200, []) : undefined });
  const outcome = await processAndReport(table.client, { id, file: new Blob(["hi"]) }, atRest());
  assert.deepEqual(outcome, { status: "withdrawn" });
  assert.equal(table.writes.length, 2);
});

Deno.test("processAndReport() marks an aborted file failed, and rejects with the reason", async () => {
  const table = filesTable();
  const abort = new AbortController();
  const options = { ...atRest(), signal: abort.signal, onStep: () => abort.abort("Ctrl-C") };
  const work = processAndReport(table.client, { id, file: new Blob(["hello"]) }, options);
  await assert.rejects(work, (reason) => reason === "Ctrl-C");
  assert.deepEqual(table.writes.at(-1), {
    status: "failed",
    error_message: "Processing was stopped.",
  });
});

const OUTAGES = {
  "a 503": () => json(503, { message: "starting up" }),
  "no answer": () => Promise.reject(new TypeError("Failed to fetch")),
  "a token that has ended": () => json(401, { code: "PGRST303", message: "JWT expired" }),
  "a statement timeout": () => json(500, { code: "57014", message: "canceling statement" }),
  "a server that is read-only": () => json(405, { code: "25006", message: "read-only" }),
};

for (const [outage, answer] of Object.entries(OUTAGES)) {
  Deno.test(`processAndReport() goes on after ${outage}, however long it lasted`, async () => {
    const waits: number[] = [];
    const reasons: string[] = [];
    const table = filesTable({
      answer: (attempt) => attempt > 1 && attempt <= 40 ? answer() : undefined,
    });
    const options = {
      now: () => 0,
      wait: (ms: number) => Promise.resolve(void waits.push(ms)),
      random: () => 0,
      onRetry: (reason: string) => reasons.push(reason),
    };
    const outcome = await processAndReport(table.client, { id, file: new Blob(["hi"]) }, options);
    assert.equal(outcome.status, "ready");
    assert.deepEqual(table.writes.slice(1, 41).map(({ progress }) => progress), Array(40).fill(25));
    // The first wait is for the pace of progress.
    assert.deepEqual(waits.slice(1, 9), [200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
    assert.equal(reasons.length, 39);
    assert.ok(!reasons.join().includes("fetch"), "the runtime's own words");
  });
}

Deno.test("processAndReport() spreads its repeated writes over half of each wait", async () => {
  const waits: number[] = [];
  const table = filesTable({ answer: (attempt) => attempt === 1 ? json(503, {}) : undefined });
  const options = {
    now: () => 0,
    wait: (ms: number) => Promise.resolve(void waits.push(ms)),
    random: () => 0.5,
  };
  await processAndReport(table.client, { id, file: new Blob(["hi"]) }, options);
  assert.equal(waits[0], 150);
});

Deno.test("processAndReport() tells of the failure once it can, when stopped in an outage", async () => {
  const abort = new AbortController();
  const table = filesTable({
    answer: (attempt) => attempt <= 20 ? OUTAGES["no answer"]() : undefined,
  });
  const wait = (_ms: number, signal?: AbortSignal) => {
    if (table.writes.length === 10) abort.abort("SIGTERM");
    return signal?.aborted ? Promise.reject(signal.reason) : Promise.resolve();
  };
  const options = { now: () => 0, wait, signal: abort.signal };
  const work = processAndReport(table.client, { id, file: new Blob(["hi"]) }, options);
  await assert.rejects(work, (reason) => reason === "SIGTERM");
  const statuses = table.writes.map(({ status }) => status);
  assert.deepEqual(statuses, [...Array(10).fill("processing"), ...Array(11).fill("failed")]);
});

const REFUSALS = {
  "a missing permission": () => json(403, { code: "42501", message: "row level security" }),
  "a constraint": () => json(400, { code: "23514", message: "violates check constraint" }),
  "a fault of a policy": () => json(500, { code: "42P17", message: "infinite recursion" }),
};

for (const [refusal, answer] of Object.entries(REFUSALS)) {
  Deno.test(`processAndReport() does not repeat a write after ${refusal}, and says failed`, async () => {
    const table = filesTable({ answer: (attempt) => attempt === 2 ? answer() : undefined });
    const work = processAndReport(table.client, { id, file: new Blob(["hi"]) }, atRest());
    await assert.rejects(work, WriteError);
    assert.equal(table.writes.length, 3);
    assert.deepEqual(table.writes.at(-1), {
      status: "failed",
      error_message: "The file's progress could not be saved.",
    });
  });
}

Deno.test("processAndReport() ends when the database refuses the failure too", async () => {
  const table = filesTable({ answer: REFUSALS["a missing permission"] });
  const work = processAndReport(table.client, { id, file: new Blob(["hi"]) }, atRest());
  await assert.rejects(
    work,
    new WriteError('Cannot write to "files": row level security (status 403)'),
  );
  assert.equal(table.writes.length, 2);
});

interface Columns {
  status: string;
  progress: number;
  processing_stage: string | null;
  error_message?: string;
}

interface FilesTableOptions {
  /** Answers the n-th write, from 1; undefined for "the row is updated". */
  answer?: (attempt: number) => Response | Promise<Response> | undefined | void;
}

/** A real supabase-js client in front of a recorder of updates. */
function filesTable({ answer }: FilesTableOptions = {}) {
  const writes: Columns[] = [];
  const fetch = async (input: RequestInfo | URL, init?: RequestInit) => {
    const request = new Request(input, init);
    const { pathname, searchParams } = new URL(request.url);
    assert.deepEqual(
      [request.method, pathname, searchParams.get("id")],
      ["PATCH", "/rest/v1/files", `eq.${id}`],
    );
    writes.push(await request.json());
    const row = { id, revision: writes.length, updated_at: UPDATED_AT };
    return await answer?.(writes.length) ?? json(200, [row]);
  };
  const auth = { persistSession: false, autoRefreshToken: false };
  const client = createClient("http://files.test", "key", { global: { fetch }, auth });
  return { client, writes };
}

function json(status: number, body: unknown): Response {
  return Response.json(body, { status });
}

/** Options for tests in which no time passes and waiting takes none. */
function atRest() {
  return { now: () => 0, wait: () => Promise.resolve() };
}

/** A file of one-byte chunks; `tick` runs as each is read. */
function slowFile(size: number, tick: () => void) {
  const stream = () => {
    let left = size;
    return new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        if (left-- === 0) return controller.close();
        tick();
        controller.enqueue(new Uint8Array(1));
      },
    }, { highWaterMark: 0 });
  };
  return { size, stream };
}
