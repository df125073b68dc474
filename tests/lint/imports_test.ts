import assert from "node:assert/strict";
import { imports } from "../../lint/imports.ts";
import { runRule } from "./run_rule.ts";

const FUNCTION = "supabase/functions/file-events";

const ALLOWED: [file: string, ...specifiers: string[]][] = [
  [`${FUNCTION}/stream/merge.ts`, "./outbox.ts", "../clock.ts", "../jitter.ts"],
  [`${FUNCTION}/stream/file_stream.ts`, "../log.ts", "../sparse_log.ts"],
  [`${FUNCTION}/rows/parse_file_change.ts`, "../stream/file_change.ts", "../log.ts"],
  [`${FUNCTION}/auth/authenticate.ts`, "../stream/caller.ts", "../clock.ts", "../limiter.ts"],
  [`${FUNCTION}/auth/token_claims.ts`, "../uuid.ts", "@supabase/supabase-js"],
  [`${FUNCTION}/http/refusal.ts`, "../auth/authentication_error.ts", "../stream/lifetime.ts"],
  [`${FUNCTION}/http/refusal_response.ts`, "../jitter.ts", "@std/http/server-sent-event-stream"],
  [`${FUNCTION}/realtime/share_feed.ts`, "../rows/parse_time.ts", "../stream/file_feed.ts"],
  [`${FUNCTION}/auth/signing_keys.ts`, "../log.ts", "@supabase/supabase-js"],
  [
    `${FUNCTION}/postgrest/query_changes.ts`,
    "../rows/parse_time.ts",
    "../stream/coverage.ts",
    "../limiter.ts",
  ],
  [`${FUNCTION}/postgrest/query_error.ts`, "../fetch_with_timeout.ts", "@supabase/supabase-js"],
  [`${FUNCTION}/sparse_log.ts`, "./clock.ts", "./log.ts"],
  [`${FUNCTION}/system_clock.ts`, "./clock.ts"],
  [`${FUNCTION}/handler.ts`, "./http/refusal.ts", "./auth/authenticate.ts", "./clock.ts"],
  [`${FUNCTION}/index.ts`, "./handler.ts", "./realtime/share_feed.ts", "@supabase/supabase-js"],
  ["client/file_events.ts", "./stream/connect.ts", "eventsource-parser"],
  ["client/react.ts", "./file_events.ts", "eventsource-parser", "react"],
  ["local/stack.ts", "./gateway.ts", "node:fs", "@supabase/lite", `../${FUNCTION}/config.ts`],
  ["demo/process.ts", "../local/lines.ts", "../client/protocol.ts", "./page/main.ts"],
  ["bench/main.ts", "../local/stack.ts"],
  ["tests/bench/stand_in_test.ts", "../../bench/stand_in/stand_in.ts"],
  ["setup/main.ts", "./commands/add.ts", "node:process", "postgres", `../${FUNCTION}/log.ts`],
  ["lint/imports.ts", "./effects.ts"],
  ["tests/run.ts", "../local/lines.ts", "./support/until.ts"],
  ["tests/browser/outages_test.ts", "./demo_tab.ts", "../support/until.ts", "../../local/stack.ts"],
  ["tests/support/clock.ts", "./until.ts", `../../${FUNCTION}/clock.ts`],
  ["tests/lint/imports_test.ts", "../../lint/imports.ts"],
  ["tests/client/summary_test.ts", "../../client/summary.ts"],
  ["tests/setup/offline/run_test.ts", "../../../setup/run.ts", "../scripted_io.ts"],
  ["tests/demo/process_test.ts", "../../demo/process.ts", "../../local/stack.ts"],
];

for (const [file, ...specifiers] of ALLOWED) {
  Deno.test(`imports lets ${file} import ${specifiers.join(", ")}`, () => {
    for (const specifier of specifiers) {
      assert.deepEqual(runRule(imports, file, `import "${specifier}";`), [], specifier);
    }
  });
}

const FORBIDDEN: [file: string, specifier: string, message: RegExp][] = [
  [`${FUNCTION}/stream/merge.ts`, "../rows/parse_time.ts", /stream must not import rows/],
  [`${FUNCTION}/stream/merge.ts`, "../limiter.ts", /stream must not import limiter/],
  [`${FUNCTION}/stream/merge.ts`, "../system_clock.ts", /stream .* system_clock.*index\.ts/],
  [`${FUNCTION}/stream/merge.ts`, "@supabase/supabase-js", /stream must not import an npm package/],
  [`${FUNCTION}/rows/parse_time.ts`, "../postgrest/query_error.ts", /rows .* postgrest/],
  [`${FUNCTION}/auth/authenticate.ts`, "../http/refusal.ts", /auth .* http/],
  [`${FUNCTION}/http/refusal.ts`, "../postgrest/query_error.ts", /http .* postgrest/],
  [
    `${FUNCTION}/realtime/share_feed.ts`,
    "../postgrest/query_error.ts",
    /realtime .* postgrest/,
  ],
  [
    `${FUNCTION}/postgrest/query_error.ts`,
    "../realtime/share_feed.ts",
    /postgrest .* realtime/,
  ],
  [`${FUNCTION}/stream/merge.ts`, "../handler.ts", /stream .* handler/],
  [`${FUNCTION}/clock.ts`, "./stream/caller.ts", /clock .* stream/],
  [`${FUNCTION}/clock.ts`, "@supabase/supabase-js", /clock .* an npm package/],
  [`${FUNCTION}/index.ts`, "node:fs", /Web APIs only/],
  [`${FUNCTION}/index.ts`, "../../../local/stack.ts", /supabase\/.* .* local/],
  [`${FUNCTION}/index.ts`, "../../../demo/process.ts", /supabase\/.* .* demo/],
  [`${FUNCTION}/index.ts`, "../../../tests/run.ts", /supabase\/.* .* tests/],
  [`${FUNCTION}/payments/charge.ts`, "../clock.ts", /Say in lint\/imports\.ts what payments/],
  ["local/stack.ts", "../tests/run.ts", /local .* tests/],
  ["local/stack.ts", "../demo/process.ts", /local .* demo/],
  ["demo/process.ts", "../tests/support/until.ts", /demo .* tests\/support/],
  ["demo/process.ts", `../${FUNCTION}/config.ts`, /demo .* supabase/],
  ["lint/imports.ts", "../local/stack.ts", /lint .* local/],
  ["setup/main.ts", "../local/stack.ts", /setup .* local/],
  ["bench/main.ts", `../${FUNCTION}/config.ts`, /bench .* supabase/],
  ["bench/main.ts", "../tests/database/catch_up.ts", /bench .* tests\/database/],
  ["bench/main.ts", "../tests/support/until.ts", /bench .* tests\/support/],
  ["tests/browser/outages_test.ts", "../local/users.ts", /tests\/local.*tests\/support/],
  ["tests/support/until.ts", "../faults/step.ts", /tests\/support .* tests\/faults/],
  ["client/file_events.ts", "../local/stack.ts", /client .* local/],
  ["client/file_events.ts", `../${FUNCTION}/uuid.ts`, /client .* supabase/],
  ["client/file_events.ts", "node:timers", /Web APIs only/],
  ["client/file_events.ts", "@supabase/supabase-js", /must not import @supabase/],
  ["client/file_events.ts", "react", /client\/file_events\.ts must not import react/],
  ["client/stream/react.ts", "react", /client\/stream\/react\.ts must not import react/],
  ["client/react.ts", "react-dom", /must not import react-dom/],
  [`${FUNCTION}/stream/merge.ts`, "../../../../client/protocol.ts", /supabase\/.* .* client/],
  ["local/stack.ts", "../client/protocol.ts", /local .* client/],
  ["payments/charge.ts", "../local/stack.ts", /Say in lint\/imports\.ts what payments/],
  ["local/stack.ts", "jsr:@std/http", /npm package/],
  ["local/stack.ts", "https://esm.sh/postgres", /npm package/],
  ["local/stack.ts", "npm:postgres@3.4.9", /npm package/],
  ["local/stack.ts", "/tmp/stack.ts", /relative path/],
];

for (const [file, specifier, expected] of FORBIDDEN) {
  Deno.test(`imports keeps ${file} from ${specifier}`, () => {
    const [message, ...others] = runRule(imports, file, `import "${specifier}";`);
    assert.match(message ?? "", expected);
    assert.deepEqual(others, []);
  });
}

const FORMS = [
  'import { a } from "…";',
  'import type { A } from "…";',
  'import { type A } from "…";',
  'import * as a from "…";',
  'export { a } from "…";',
  'export type { A } from "…";',
  'export * from "…";',
  'export * as a from "…";',
  'const a = await import("…");',
  "const a = await import(`…`);",
  'type A = import("…").A;',
  'type A = typeof import("…");',
  'import a = require("…");',
];

for (const form of FORMS) {
  Deno.test(`imports reads ${form}`, () => {
    const run = (specifier: string) =>
      runRule(imports, `${FUNCTION}/stream/merge.ts`, form.replace("…", specifier)).length;
    assert.equal(run("../realtime/share_feed.ts"), 1);
    assert.equal(run("./outbox.ts"), 0);
  });
}

Deno.test("imports judges no import() whose specifier is computed, except where Web APIs are all there is", () => {
  const source = "await import(name);";
  assert.deepEqual(runRule(imports, "tests/run.ts", source), []);
  for (const path of [`${FUNCTION}/index.ts`, "client/file_events.ts"]) {
    assert.match(runRule(imports, path, source)[0] ?? "", /literal/);
  }
});
