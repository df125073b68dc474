import assert from "node:assert/strict";
import { ConfigError, parseConfig } from "../../supabase/functions/file-events/config.ts";

const ENVIRONMENT = {
  SUPABASE_URL: "https://project.supabase.co",
  SUPABASE_PUBLISHABLE_KEYS: '{"default":"sb_publishable_1"}',
};

Deno.test("parseConfig() has defaults for all but the project", () => {
  assert.deepEqual(parseConfig(ENVIRONMENT), {
    supabaseUrl: "https://project.supabase.co",
    publishableKey: "sb_publishable_1",
    jwks: [],
    source: "broadcast",
    heartbeatMs: 30_000,
    catchUpMs: 60_000,
    workerLimitMs: Infinity,
    maxStreams: 1_000,
    maxStreamsPerUser: 20,
    allowedOrigins: "*",
    warnings: [],
  });
});

Deno.test("parseConfig() reads every variable", () => {
  const config = parseConfig({
    ...ENVIRONMENT,
    FILE_EVENTS_SOURCE: "postgres_changes",
    FILE_EVENTS_HEARTBEAT_MS: "1000",
    FILE_EVENTS_CATCH_UP_MS: " 5000 ",
    FILE_EVENTS_WORKER_LIMIT_MS: "400000",
    FILE_EVENTS_MAX_STREAMS: "2000",
    FILE_EVENTS_MAX_STREAMS_PER_USER: "5",
    FILE_EVENTS_ALLOWED_ORIGINS: "https://a.example, http://localhost:3000",
  });
  assert.equal(config.source, "postgres_changes");
  assert.deepEqual(config.warnings, []);
  assert.deepEqual(
    [config.heartbeatMs, config.catchUpMs, config.workerLimitMs],
    [1000, 5000, 400_000],
  );
  assert.deepEqual([config.maxStreams, config.maxStreamsPerUser], [2000, 5]);
  assert.deepEqual(config.allowedOrigins, new Set(["https://a.example", "http://localhost:3000"]));
});

Deno.test("parseConfig() takes an empty variable for a missing one", () => {
  const config = parseConfig({
    ...ENVIRONMENT,
    FILE_EVENTS_SOURCE: "",
    FILE_EVENTS_HEARTBEAT_MS: "",
    FILE_EVENTS_CATCH_UP_MS: " ",
    FILE_EVENTS_WORKER_LIMIT_MS: "",
    FILE_EVENTS_ALLOWED_ORIGINS: "",
  });
  assert.deepEqual(config, parseConfig(ENVIRONMENT));
});

Deno.test("parseConfig() finds the publishable key", async (t) => {
  const cases: Record<string, [Record<string, string>, string]> = {
    "default among several": [
      { SUPABASE_PUBLISHABLE_KEYS: '{"web":"sb_publishable_2","default":"sb_publishable_1"}' },
      "sb_publishable_1",
    ],
    "the first without a default": [
      { SUPABASE_PUBLISHABLE_KEYS: '{"web":"sb_publishable_2","app":"sb_publishable_3"}' },
      "sb_publishable_2",
    ],
    "the first that is not empty": [
      { SUPABASE_PUBLISHABLE_KEYS: '{"default":"","web":" ","app":"sb_publishable_3"}' },
      "sb_publishable_3",
    ],
    "without the white space around it": [
      { SUPABASE_PUBLISHABLE_KEYS: ' {"default":" sb_publishable_1\\n"} ' },
      "sb_publishable_1",
    ],
    "a single publishable key": [
      { SUPABASE_PUBLISHABLE_KEY: "sb_publishable_1\n", SUPABASE_ANON_KEY: "a.b.c" },
      "sb_publishable_1",
    ],
    "the legacy anon key": [{ SUPABASE_ANON_KEY: "a.b.c" }, "a.b.c"],
    "before the legacy anon key": [
      { SUPABASE_PUBLISHABLE_KEYS: '{"default":"sb_publishable_1"}', SUPABASE_ANON_KEY: "a.b.c" },
      "sb_publishable_1",
    ],
  };
  for (const [name, [env, key]] of Object.entries(cases)) {
    await t.step(name, () => {
      const { SUPABASE_URL } = ENVIRONMENT;
      assert.equal(parseConfig({ SUPABASE_URL, ...env }).publishableKey, key);
    });
  }
});

Deno.test("parseConfig() does without publishable keys where there is another key", async (t) => {
  const { SUPABASE_URL } = ENVIRONMENT;
  const shapes = ['{"default":""}', '{"default":null}', "{}", "null", "", " "];
  const mistakes = ["sb_publishable_1", '"sb_publishable_1"', '["sb_publishable_1"]', "1", "{"];
  for (const name of ["SUPABASE_ANON_KEY", "SUPABASE_PUBLISHABLE_KEY"]) {
    for (const SUPABASE_PUBLISHABLE_KEYS of [...shapes, ...mistakes]) {
      await t.step(`${SUPABASE_PUBLISHABLE_KEYS} beside ${name}`, () => {
        const config = parseConfig({ SUPABASE_URL, SUPABASE_PUBLISHABLE_KEYS, [name]: "a.b.c" });
        assert.equal(config.publishableKey, "a.b.c");
        const isMistake = mistakes.includes(SUPABASE_PUBLISHABLE_KEYS);
        assert.deepEqual(
          config.warnings,
          isMistake ? ["SUPABASE_PUBLISHABLE_KEYS is not a JSON object of keys"] : [],
        );
      });
    }
  }
});

Deno.test("parseConfig() knows the hosted platform and its limit", async (t) => {
  for (const name of ["DENO_DEPLOYMENT_ID", "SB_EXECUTION_ID"]) {
    await t.step(name, () => {
      assert.equal(parseConfig({ ...ENVIRONMENT, [name]: "x" }).workerLimitMs, 150_000);
    });
  }
  await t.step("a set limit wins", () => {
    const env = { ...ENVIRONMENT, SB_EXECUTION_ID: "x", FILE_EVENTS_WORKER_LIMIT_MS: "400000" };
    assert.equal(parseConfig(env).workerLimitMs, 400_000);
  });
});

Deno.test("parseConfig() refuses a value that it can't use, and names the variable", async (t) => {
  const cases: [string, string | undefined][] = [
    ["SUPABASE_URL", undefined],
    ["SUPABASE_URL", ""],
    ["SUPABASE_URL", "project.supabase.co"],
    ["SUPABASE_URL", "ftp://project.supabase.co"],
    ["SUPABASE_PUBLISHABLE_KEYS", undefined],
    ["SUPABASE_PUBLISHABLE_KEYS", ""],
    ["SUPABASE_PUBLISHABLE_KEYS", "sb_publishable_1"],
    ["SUPABASE_PUBLISHABLE_KEYS", "{}"],
    ["SUPABASE_PUBLISHABLE_KEYS", "null"],
    ["SUPABASE_PUBLISHABLE_KEYS", '"sb_publishable_1"'],
    ["SUPABASE_PUBLISHABLE_KEYS", '["sb_publishable_1"]'],
    ["SUPABASE_PUBLISHABLE_KEYS", '{"default":1}'],
    ["SUPABASE_PUBLISHABLE_KEYS", '{"default":""}'],
    ["FILE_EVENTS_SOURCE", "polling"],
    ["FILE_EVENTS_HEARTBEAT_MS", "0"],
    ["FILE_EVENTS_HEARTBEAT_MS", "-1000"],
    ["FILE_EVENTS_HEARTBEAT_MS", "1e4"],
    ["FILE_EVENTS_HEARTBEAT_MS", "30s"],
    ["FILE_EVENTS_HEARTBEAT_MS", "1000.5"],
    ["FILE_EVENTS_HEARTBEAT_MS", "30001"],
    ["FILE_EVENTS_CATCH_UP_MS", "99"],
    ["FILE_EVENTS_CATCH_UP_MS", "NaN"],
    ["FILE_EVENTS_WORKER_LIMIT_MS", "Infinity"],
    ["FILE_EVENTS_WORKER_LIMIT_MS", "150"],
    ["FILE_EVENTS_MAX_STREAMS", "0"],
    ["FILE_EVENTS_MAX_STREAMS_PER_USER", "0"],
    ["FILE_EVENTS_MAX_STREAMS_PER_USER", "none"],
    ["FILE_EVENTS_ALLOWED_ORIGINS", "example.com"],
    ["FILE_EVENTS_ALLOWED_ORIGINS", "https://a.example/"],
    ["FILE_EVENTS_ALLOWED_ORIGINS", "https://a.example,"],
    ["FILE_EVENTS_ALLOWED_ORIGINS", "https://a.example, *"],
    ["FILE_EVENTS_ALLOWED_ORIGINS", "https://*"],
    ["FILE_EVENTS_ALLOWED_ORIGINS", "null"],
  ];
  for (const [name, value] of cases) {
    await t.step(`${name}=${value ?? " (missing)"}`, () => {
      assert.throws(() => parseConfig({ ...ENVIRONMENT, [name]: value }), (error: unknown) => {
        assert.ok(error instanceof ConfigError);
        assert.equal(error.code, "INVALID_CONFIG");
        assert.ok(error.message.includes(name), error.message);
        return true;
      });
    });
  }
});

Deno.test("parseConfig() names all problems in one message", () => {
  const env = { FILE_EVENTS_HEARTBEAT_MS: "soon", FILE_EVENTS_ALLOWED_ORIGINS: "x" };
  assert.throws(() => parseConfig(env), (error: unknown) => {
    for (const name of ["SUPABASE_URL", "SUPABASE_PUBLISHABLE_KEYS", ...Object.keys(env)]) {
      assert.ok((error as Error).message.includes(name), name);
    }
    return true;
  });
});

Deno.test("parseConfig() repeats no key in its message", () => {
  const env = { ...ENVIRONMENT, SUPABASE_PUBLISHABLE_KEYS: "sb_secret_oops" };
  assert.throws(() => parseConfig(env), (error: unknown) => {
    assert.ok(!(error as Error).message.includes("oops"));
    return true;
  });
  const { warnings } = parseConfig({ ...env, SUPABASE_ANON_KEY: "a.b.c", SUPABASE_JWKS: "oops" });
  assert.equal(warnings.length, 2);
  assert.ok(!warnings.join().includes("oops"));
});

Deno.test("parseConfig() takes the platform's JWKS in every shape that is documented", async (t) => {
  const key = { kid: "1", kty: "EC", crv: "P-256" };
  const shapes: [string, unknown[]][] = [
    [JSON.stringify({ keys: [key] }), [key]],
    [JSON.stringify([key]), [key]],
    ...['{"keys":[]}', '{"keys":null}', "{}", "[]", "null", "", " "]
      .map((json): [string, unknown[]] => [json, []]),
  ];
  for (const [SUPABASE_JWKS, keys] of shapes) {
    await t.step(SUPABASE_JWKS, () => {
      const config = parseConfig({ ...ENVIRONMENT, SUPABASE_JWKS });
      assert.deepEqual(config.jwks, keys);
      assert.deepEqual(config.warnings, []);
    });
  }
});

Deno.test("parseConfig() does without a JWKS that it can't read, since Auth has the keys too", async (t) => {
  for (const SUPABASE_JWKS of ["keys", '{"keys":"x"}', "[1]", '{"keys":[null]}', "1", "{"]) {
    await t.step(SUPABASE_JWKS, () => {
      const config = parseConfig({ ...ENVIRONMENT, SUPABASE_JWKS });
      assert.deepEqual(config.jwks, []);
      assert.deepEqual(config.warnings, ["SUPABASE_JWKS is not a JSON Web Key Set"]);
    });
  }
});

Deno.test("parseConfig() warns of a variable that is meant for the function and that it doesn't have", () => {
  const { warnings } = parseConfig({
    ...ENVIRONMENT,
    FILE_EVENTS_HEARTBEAT: "1000",
    FILE_EVENT_SOURCE: "broadcast",
    file_events_catch_up_ms: "1000",
    FILE_EVENTS_SOURCE: "broadcast",
    SOME_FILE_EVENTS_THING: "1",
  });
  assert.deepEqual(warnings, [
    "FILE_EVENTS_HEARTBEAT is not a variable of file-events",
    "FILE_EVENT_SOURCE is not a variable of file-events",
    "file_events_catch_up_ms is not a variable of file-events",
  ]);
});
