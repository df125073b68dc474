import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";

const FUNCTION = new URL("../../supabase/functions/file-events/", import.meta.url);

/** Starts the function as a process of its own, which is expected to end by itself. */
async function run(environment: Record<string, string>) {
  const inherited = Object.entries(Deno.env.toObject())
    .filter(([name]) => !/^(SUPABASE_|SB_|FILE_EVENTS_|DENO_DEPLOYMENT_ID)/.test(name));
  const { code, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--allow-all",
      // As the platform has it: nothing but the function's own deno.json.
      "--no-config",
      "--no-lock",
      "--import-map",
      fileURLToPath(new URL("deno.json", FUNCTION)),
      fileURLToPath(new URL("index.ts", FUNCTION)),
    ],
    clearEnv: true,
    env: { ...Object.fromEntries(inherited), ...environment },
    stdout: "null",
    stderr: "piped",
  }).output();
  return { code, message: new TextDecoder().decode(stderr) };
}

Deno.test("the function does not start without its environment, and names each variable", async () => {
  const { code, message } = await run({ FILE_EVENTS_HEARTBEAT_MS: "soon" });
  assert.notEqual(code, 0);
  assert.match(message, /Cannot start file-events/);
  for (
    const name of [
      "SUPABASE_URL",
      "SUPABASE_PUBLISHABLE_KEYS",
      "SUPABASE_ANON_KEY",
      "FILE_EVENTS_HEARTBEAT_MS",
    ]
  ) assert.ok(message.includes(name), `${name} in: ${message}`);
});
