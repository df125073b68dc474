/** Starts the function, says where it listens, and waits to be killed. */
import { startFunction } from "../../local/function_process.ts";

const environment = {
  SUPABASE_URL: "http://127.0.0.1:9",
  SUPABASE_PUBLISHABLE_KEYS: `{"default":"sb_publishable_local"}`,
  SUPABASE_JWKS: `{"keys":[]}`,
};
const started = await startFunction(environment, { log: () => {} });
// deno-lint-ignore no-console -- the test reads it
console.log(JSON.stringify({ url: started.url() }));
await new Promise(() => setInterval(() => {}, 1_000_000));
