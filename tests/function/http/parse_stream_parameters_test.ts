import assert from "node:assert/strict";
import { parseStreamParameters } from "../../../supabase/functions/file-events/http/parse_stream_parameters.ts";

const FILE = "aaaaaaaa-aaaa-4aaa-8aaa-aaaaaaaaaaaa";
const OTHER_FILE = "bbbbbbbb-bbbb-4bbb-8bbb-bbbbbbbbbbbb";

function parse(query: string, headers: Record<string, string> = {}) {
  return parseStreamParameters(new Headers(headers), new URLSearchParams(query));
}

const invalid = { name: "Refusal", status: 400, code: "INVALID_PARAMETER" };

Deno.test("parseStreamParameters() has defaults: all files, from the start, with a snapshot", () => {
  assert.deepEqual(parse(""), { lastEventId: null, fileIds: null, snapshot: true, isPoll: false });
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

Deno.test("parseStreamParameters() reads file ids of any kind: as they are, sorted, each once", () => {
  const { fileIds } = parse(
    `?file_id=${OTHER_FILE}&file_id=${FILE}&file_id=${FILE}&file_id=-12&file_id=a%20b/%C3%A9,*`,
  );
  assert.deepEqual(fileIds, ["-12", "a b/é,*", FILE, OTHER_FILE]);
});

Deno.test("parseStreamParameters() takes a UUID in upper case in both spellings", () => {
  const upperCase = FILE.toUpperCase();
  assert.deepEqual(parse(`?file_id=${upperCase}`).fileIds, [upperCase, FILE]);
  assert.deepEqual(parse("?file_id=ABC").fileIds, ["ABC"], "this is no UUID");
});

Deno.test("parseStreamParameters() takes 100 file ids and refuses more: INVALID_PARAMETER", () => {
  const ids = (count: number) =>
    "?" + Array.from({ length: count }, () => `file_id=${crypto.randomUUID()}`).join("&");
  assert.equal(parse(ids(100)).fileIds?.length, 100);
  assert.throws(() => parse(ids(101)), invalid);
});

Deno.test("parseStreamParameters() takes a file_id of 255 characters", () => {
  const id = "🦊".repeat(255);
  assert.deepEqual(parse(`?file_id=${id}`).fileIds, [id]);
});

const REFUSED = ["", "x".repeat(256), "%00", `${FILE}%0A`, "a%00b", "%7F", "%C2%85"];
for (const value of REFUSED) {
  Deno.test(`parseStreamParameters() refuses the file_id '${value}': INVALID_PARAMETER`, () => {
    assert.throws(() => parse(`?file_id=${FILE}&file_id=${value}`), invalid);
  });
}

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

Deno.test("parseStreamParameters() takes a client that accepts nothing but JSON for one that polls", () => {
  assert.equal(parse("", { Accept: "application/json" }).isPoll, true);
  assert.equal(parse("", { Accept: "*/*" }).isPoll, false);
});
