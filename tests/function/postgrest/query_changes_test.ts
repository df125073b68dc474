import assert from "node:assert/strict";
import { createClient } from "@supabase/supabase-js";
import {
  type Fault,
  QueryError,
} from "../../../supabase/functions/file-events/postgrest/query_error.ts";
import { createQueryChanges } from "../../../supabase/functions/file-events/postgrest/query_changes.ts";
import type { OnLostValues } from "../../../supabase/functions/file-events/rows/parse_file_change.ts";
import { SCHEMA_VERSION } from "../../../supabase/functions/file-events/schema_version.ts";
import { USER_ID } from "../../support/access_tokens.ts";
import { serveHttp, unreachableUrl } from "../../support/http_server.ts";
import { deleted, fileId, updated, upTo } from "../../support/example_change.ts";

const PAGE = {
  version: SCHEMA_VERSION,
  cursor: "key.1100",
  covers: ["1100", "1090"],
  revision: 900,
  reset: false,
  more: true,
  current: false,
  files: [{ ...updated({ revision: 812 }).file, changed_in: "1093" }],
  deletions: [{ id: fileId(2), revision: 811, changed_in: "1092" }],
};
const QUERY = { since: "key.1000", fileIds: [fileId(1), fileId(2)], snapshot: true };

/** Asks the server at `url` as a user, with the real supabase-js. */
function queryAt(
  url: string,
  { token = "the.callers.token", onLostValues = (() => {}) as OnLostValues } = {},
) {
  const supabase = createClient(url, "sb_publishable_test", {
    auth: { persistSession: false, autoRefreshToken: false, storageKey: crypto.randomUUID() },
  });
  const caller = { userId: USER_ID, token, expiresAt: 0, rights: "aal1" };
  return createQueryChanges(supabase, onLostValues)(caller, QUERY);
}

Deno.test("queryChanges() calls the function by POST, as the caller", async () => {
  const requests: unknown[] = [];
  await using server = serveHttp(async (request) => {
    requests.push({
      method: request.method,
      path: new URL(request.url).pathname,
      authorization: request.headers.get("Authorization"),
      apikey: request.headers.get("apikey"),
      body: await request.json(),
    });
    return Response.json(PAGE);
  });
  const page = await queryAt(server.url);
  assert.deepEqual(requests, [{
    method: "POST",
    path: "/rest/v1/rpc/file_changes_since",
    authorization: "Bearer the.callers.token",
    apikey: "sb_publishable_test",
    body: { since: "key.1000", file_ids: QUERY.fileIds, snapshot: true },
  }]);
  assert.deepEqual(page, {
    cursor: "key.1100",
    coverage: upTo(1100n, 1090n),
    revision: 900,
    reset: false,
    more: true,
    current: false,
    changes: [
      deleted({ id: fileId(2), revision: 811, changedIn: 1092 }),
      updated({ revision: 812, changedIn: 1093 }),
    ],
  });
});

Deno.test("queryChanges() lets one client serve several callers, each with a token of its own", async () => {
  const tokens: (string | null)[] = [];
  await using server = serveHttp((request) => {
    tokens.push(request.headers.get("Authorization"));
    return Response.json(PAGE);
  });
  const supabase = createClient(server.url, "sb_publishable_test", {
    auth: { persistSession: false, autoRefreshToken: false, storageKey: crypto.randomUUID() },
  });
  const changesSince = createQueryChanges(supabase, () => {});
  const ask = (token: string) =>
    changesSince({ userId: USER_ID, token, expiresAt: 0, rights: "aal1" }, QUERY);
  await Promise.all(["a", "b", "c"].map(ask));
  assert.deepEqual(tokens.sort(), ["Bearer a", "Bearer b", "Bearer c"]);
});

Deno.test("queryChanges() rejects an answer that is no page", async (t) => {
  const answers: Record<string, unknown> = {
    "null": null,
    "a list": [],
    "a text": "page",
    "no cursor": { ...PAGE, cursor: undefined },
    "a cursor that is no text": { ...PAGE, cursor: 1 },
    "no coverage": { ...PAGE, covers: undefined },
    "a coverage without a bound": { ...PAGE, covers: [] },
    "a bound that is no number": { ...PAGE, covers: ["soon"] },
    "a negative bound": { ...PAGE, covers: ["-1"] },
    "a running transaction that is no number": { ...PAGE, covers: ["1100", "soon"] },
    "nothing about how current it is": { ...PAGE, current: undefined },
    "no reset": { ...PAGE, reset: undefined },
    "more that is no boolean": { ...PAGE, more: "true" },
    "no revision": { ...PAGE, revision: undefined },
    "no files": { ...PAGE, files: undefined },
    "no deletions": { ...PAGE, deletions: null },
    "a file that lacks fields": { ...PAGE, files: [{ id: fileId(1) }] },
    "a deletion that lacks fields": { ...PAGE, deletions: [{ id: fileId(1) }] },
    "a row that is none": { ...PAGE, files: [null] },
  };
  for (const [name, answer] of Object.entries(answers)) {
    await t.step(name, async () => {
      await using server = serveHttp(() => Response.json(answer));
      await assert.rejects(queryAt(server.url), /Cannot query changes/);
    });
  }
});

const OTHER_VERSIONS: [name: string, version: unknown, message: RegExp, advice: RegExp][] = [
  ["an older version", 0, /has version 0 .* needs 1$/, /file-events upgrade/],
  ["no version", undefined, /has version 0 .* needs 1$/, /file-events upgrade/],
  ["a version that is none", "one", /has version "one" .* needs 1$/, /file-events upgrade/],
  ["a newer version", 2, /has version 2 .* needs 1$/, /deploy the function/],
];
for (const [name, version, message, advice] of OTHER_VERSIONS) {
  Deno.test(`queryChanges() refuses a page of ${name}, and says what to do`, async () => {
    await using server = serveHttp(() => Response.json({ ...PAGE, version }));
    await assert.rejects(queryAt(server.url), (error) => {
      assert.ok(error instanceof QueryError);
      assert.match(error.message, message);
      assert.equal(error.fault.kind, "setup");
      assert.match(error.fault.advice ?? "", advice);
      return true;
    });
  });
}

Deno.test("queryChanges() lets no row cost another, and says what it could not read", async () => {
  const [row] = PAGE.files;
  const files = [{ ...row, progress: "40%" }, { ...row, id: null }, { ...row, id: fileId(3) }];
  await using server = serveHttp(() => Response.json({ ...PAGE, files }));
  const lost: unknown[] = [];
  const { changes } = await queryAt(server.url, { onLostValues: (...row) => void lost.push(row) });
  assert.deepEqual(changes.map(({ id }) => id), [fileId(2), fileId(1), fileId(3)]);
  assert.deepEqual(lost, [[null, ["id"]], [fileId(1), ["progress"]]]);
});

Deno.test("queryChanges() reports no lost values of whole rows", async () => {
  await using server = serveHttp(() => Response.json(PAGE));
  await queryAt(server.url, { onLostValues: () => assert.fail("nothing was lost") });
});

Deno.test("queryChanges() rejects when the database can't be asked, and says what it knows of why", async (t) => {
  const answers: Record<string, [() => Response, Partial<Fault>]> = {
    "function missing": [
      () => Response.json({ code: "PGRST202", message: "Could not find it" }, { status: 404 }),
      { kind: "setup", status: 404, code: "PGRST202" },
    ],
    "token refused": [
      () => Response.json({ code: "PGRST301", message: "JWT expired" }, { status: 401 }),
      { kind: "token-refused", status: 401, code: "PGRST301" },
    ],
    "statement timeout": [
      () => Response.json({ code: "57014", message: "canceling statement" }, { status: 500 }),
      { kind: "unavailable", status: 500, code: "57014" },
    ],
    "gateway's HTML": [
      () => new Response("<html>Bad gateway</html>", { status: 502 }),
      { kind: "unavailable", status: 502, code: "" },
    ],
    "no JSON": [
      () => new Response("<html>OK</html>", { status: 200 }),
      { kind: "unavailable", status: 200, code: "" },
    ],
  };
  for (const [name, [answer, fault]] of Object.entries(answers)) {
    await t.step(name, async () => {
      await using server = serveHttp(answer);
      await assert.rejects(queryAt(server.url), (error) => {
        assert.ok(error instanceof QueryError);
        assert.match(error.message, /^Cannot query changes: /);
        const { kind, status, code } = error.fault;
        assert.deepEqual({ kind, status, code }, fault);
        return true;
      });
    });
  }
  await t.step("nothing listens", async () => {
    await assert.rejects(queryAt(await unreachableUrl()), (error) => {
      assert.ok(error instanceof QueryError);
      assert.deepEqual([error.fault.kind, error.fault.status], ["unavailable", 0]);
      return true;
    });
  });
  await t.step("no content", async () => {
    await using server = serveHttp(() => new Response(null, { status: 204 }));
    await assert.rejects(queryAt(server.url), /Cannot query changes/);
  });
});

Deno.test("queryChanges() puts no token into its error", async () => {
  await using server = serveHttp(() => Response.json({ message: "down" }, { status: 500 }));
  await assert.rejects(queryAt(server.url, { token: "secret.token" }), (error: unknown) => {
    assert.ok(!String(error).includes("secret.token"));
    return true;
  });
});
