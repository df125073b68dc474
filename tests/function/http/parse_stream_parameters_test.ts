import assert from "node:assert/strict";
import { parseStreamParameters } from "../../../supabase/functions/file-events/http/parse_stream_parameters.ts";

const FILE = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa";
const OTHER_FILE = "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb";

function parse(query: string, headers: Record<string, string> = {}) {
  return parseStreamParameters(new Headers(headers), new URLSearchParams(query));
}

const invalid = { name: "Refusal", status: 400, code: "INVALID_PARAMETER" };

Deno.test("parseStreamParameters() has defaults: all files, from the start, with a snapshot", () => {
  assert.deepEqual(parse(""), { lastEventId: null, fileIds: null, snapshot: true });
});

Deno.test("parseStreamParameters() takes the cursor from header or parameter; the header wins", () => {
  assert.equal(parse("?last_event_id=b.2").lastEventId, "b.2");
  assert.equal(parse("", { "Last-Event-ID": "a.1" }).lastEventId, "a.1");
  assert.equal(parse("?last_event_id=b.2", { "Last-Event-ID": "a.1" }).lastEventId, "a.1");
  assert.equal(parse("?last_event_id=b.2", { "Last-Event-ID": "" }).lastEventId, "b.2");
});

Deno.test("parseStreamParameters() ignores a cursor that can't be ours", async (t) => {
  for (const cursor of ["", "%20", "a%20b", "a%0Ab", "%C3%A9", "a".repeat(1025), "%00"]) {
    await t.step(cursor.slice(0, 20), () => {
      assert.equal(parse(`?last_event_id=${cursor}`).lastEventId, null);
    });
  }
});

Deno.test("parseStreamParameters() reads file ids: lower case, sorted, each once", () => {
  const { fileIds } = parse(
    `?file_id=${OTHER_FILE}&file_id=${FILE.toUpperCase()}&file_id=${FILE}`,
  );
  assert.deepEqual(fileIds, [FILE, OTHER_FILE]);
});

Deno.test("parseStreamParameters() takes 100 file ids and refuses more: INVALID_PARAMETER", () => {
  const ids = (count: number) =>
    "?" + Array.from({ length: count }, () => `file_id=${crypto.randomUUID()}`).join("&");
  assert.equal(parse(ids(100)).fileIds?.length, 100);
  assert.throws(() => parse(ids(101)), invalid);
});

Deno.test("parseStreamParameters() refuses a file_id that is no UUID: INVALID_PARAMETER", async (t) => {
  const values = ["", "1", "*", `${FILE}x`, FILE.replaceAll("-", ""), `${FILE}%0A`, `{${FILE}}`];
  for (const value of values) {
    await t.step(value, () => {
      assert.throws(() => parse(`?file_id=${FILE}&file_id=${value}`), invalid);
    });
  }
});

Deno.test("parseStreamParameters() reads snapshot", () => {
  assert.equal(parse("?snapshot=true").snapshot, true);
  assert.equal(parse("?snapshot=false").snapshot, false);
});

Deno.test("parseStreamParameters() refuses another value of snapshot: INVALID_PARAMETER", async (t) => {
  for (const value of ["", "0", "1", "no", "FALSE"]) {
    await t.step(JSON.stringify(value), () => {
      assert.throws(() => parse(`?snapshot=${value}`), invalid);
    });
  }
});
