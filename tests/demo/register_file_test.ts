import assert from "node:assert/strict";
import { createClient } from "@supabase/supabase-js";
import { registerFile } from "../../demo/processing/register_file.ts";

const file = { name: "a.txt", type: "text/plain" };

Deno.test("registerFile() inserts one row, however often it has to ask", async () => {
  const table = filesTable((attempt) => attempt < 5);
  const reasons: string[] = [];
  const id = await registerFile(table.client, file, {
    wait: () => Promise.resolve(),
    onRetry: (reason) => reasons.push(reason),
  });
  assert.deepEqual(table.inserted.map((row) => row.id), Array(5).fill(id));
  assert.deepEqual(reasons, Array(4).fill("Supabase cannot be reached"));
});

Deno.test("registerFile() begins nothing after it was stopped", async () => {
  const table = filesTable();
  const work = registerFile(table.client, file, { signal: AbortSignal.abort("stopped") });
  await assert.rejects(work, (reason) => reason === "stopped");
  assert.deepEqual(table.inserted, []);
});

Deno.test("registerFile() makes sure of a row that may be there when it is stopped", async () => {
  const stopped = new AbortController();
  const table = filesTable((attempt) => attempt < 3);
  const id = await registerFile(table.client, file, {
    signal: stopped.signal,
    wait: () => Promise.resolve(stopped.abort()),
  });
  assert.deepEqual(table.inserted.map((row) => row.id), [id, id, id]);
});

Deno.test("registerFile() takes half a surrogate pair out of a name: PostgreSQL refuses it", async () => {
  const table = filesTable();
  await registerFile(table.client, { name: "a\ud83d.txt", type: "" });
  const { filename, file_type } = table.inserted[0]!;
  assert.deepEqual([filename, file_type], ["a\ufffd.txt", "application/octet-stream"]);
});

/** A real supabase-js client in front of a recorder of inserts, which may leave them unanswered. */
function filesTable(isUnanswered: (attempt: number) => boolean = () => false) {
  const inserted: { id: string; filename: string; file_type: string }[] = [];
  const fetch = async (input: RequestInfo | URL, init?: RequestInit) => {
    const row = await new Request(input, init).json();
    inserted.push(row);
    if (isUnanswered(inserted.length)) throw new TypeError("Failed to fetch");
    return Response.json([{ id: row.id, revision: 1, updated_at: "2026-11-23T10:30:00Z" }]);
  };
  const auth = { persistSession: false, autoRefreshToken: false };
  return {
    client: createClient("http://files.test", "key", { global: { fetch }, auth }),
    inserted,
  };
}
