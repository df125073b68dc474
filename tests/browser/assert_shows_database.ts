import assert from "node:assert/strict";
import { demoUsers, signIn } from "../../local/demo_users.ts";
import type { Stack } from "../../local/stack.ts";
import type { DemoTab } from "./demo_tab.ts";

/** Every bar, stage, status and error on the page is what the first demo user's database holds. */
export async function assertShowsDatabase({ files }: DemoTab, stack: Stack): Promise<void> {
  const columns = "id,name:filename,status,progress,stage:processing_stage,error:error_message";
  const response = await fetch(`${stack.url}/rest/v1/files?select=${columns}&order=id`, {
    headers: {
      apikey: stack.publishableKey,
      authorization: `Bearer ${await signIn(stack, demoUsers[0]!)}`,
    },
  });
  const stored: { error: string | null }[] = await response.json();
  const shown = (await files())
    .map(({ findings: _, ...file }) => file)
    .sort((a, b) => a.id < b.id ? -1 : 1);
  assert.deepEqual(shown, stored.map((file) => ({ ...file, error: file.error ?? "" })));
}
