import { readProjectScripts } from "../../local/project_scripts.ts";
import { type Stack, startStack } from "../../local/stack.ts";

// Once a stream has settled, no catch-up comes in time: what arrives was announced live.
const functionEnv = { FILE_EVENTS_CATCH_UP_MS: "3600000" };

/** The project with more SQL: the embedded PostgREST knows the functions that it starts with. */
export async function startStackWith(sql: string): Promise<Stack> {
  const scripts = [...await readProjectScripts(), { name: "more SQL", sql }];
  return await startStack({ functionEnv, scripts });
}
