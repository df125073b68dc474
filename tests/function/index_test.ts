import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const FUNCTION = new URL("../../supabase/functions/file-events/", import.meta.url);

/** Starts the function as a process of its own that may not listen. */
function start(environment: Record<string, string>): Deno.ChildProcess {
  const inherited = Object.entries(Deno.env.toObject())
    .filter(([name]) => !/^(SUPABASE_|SB_|FILE_EVENTS_|DENO_DEPLOYMENT_ID)/.test(name));
  return new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--allow-env",
      "--allow-read",
      "--allow-sys",
      // As the platform has it: nothing but the function's own deno.json.
      "--no-config",
      "--no-lock",
      "--import-map=deno.json",
      "index.ts",
    ],
    cwd: fileURLToPath(FUNCTION),
    clearEnv: true,
    env: { ...Object.fromEntries(inherited), NO_COLOR: "1", ...environment },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
}

Deno.test("the function does not start without its environment, and names each variable", async () => {
  const { code, stderr } = await start({ FILE_EVENTS_HEARTBEAT_MS: "soon" }).output();
  const message = new TextDecoder().decode(stderr);
  assert.notEqual(code, 0);
  assert.match(message, /ConfigError: Cannot start file-events/);
  for (
    const name of [
      "SUPABASE_URL",
      "SUPABASE_PUBLISHABLE_KEYS",
      "SUPABASE_ANON_KEY",
      "FILE_EVENTS_HEARTBEAT_MS",
    ]
  ) assert.ok(message.includes(name), `${name} in: ${message}`);
});

Deno.test("the function names a misspelt variable in its log, and starts", async () => {
  const child = start({
    SUPABASE_URL: "http://127.0.0.1:9",
    SUPABASE_ANON_KEY: "a.b.c",
    FILE_EVENTS_HEARTBEAT: "1000",
  });
  const expected = [/"level":"warn".*FILE_EVENTS_HEARTBEAT is not a variable/, /net access/];
  let message = "";
  for await (const text of child.stderr.pipeThrough(new TextDecoderStream())) {
    message += text;
    if (expected.every((part) => part.test(message))) break;
  }
  try {
    // Deno 2.1.4 does not end by itself when it may not listen.
    child.kill("SIGKILL");
  } catch {
    // It has ended.
  }
  await child.status;
  for (const part of expected) assert.match(message, part);
});

Deno.test("the function logs what nobody handles, a rejection and an error, and lives on", async () => {
  const script = `
    Deno.serve = () => {};
    await import("./index.ts");
    Promise.reject(new Error("forgotten"));
    setTimeout(() => { throw new Error("in a timer"); }, 0);
    setTimeout(() => console.error("still alive"), 50);
  `;
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["eval", "--no-config", "--no-lock", "--import-map=deno.json", script],
    cwd: fileURLToPath(FUNCTION),
    env: { NO_COLOR: "1", SUPABASE_URL: "http://127.0.0.1:9", SUPABASE_ANON_KEY: "a.b.c" },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  const message = new TextDecoder().decode(stderr);
  assert.match(message, /"level":"error","event":"unhandled rejection","error":"Error: forgotten"/);
  assert.match(message, /"level":"error","event":"unhandled error","error":"Error: in a timer"/);
  assert.match(message, /still alive/);
  assert.equal(code, 0);
});
