import assert from "node:assert/strict";
import { demoUsers } from "../../local/demo_users.ts";
import { startStack } from "../../local/stack.ts";
import { startCommand } from "../support/start_command.ts";
import { until } from "../support/until.ts";

const readme = await Deno.readTextFile(new URL("../../README.md", import.meta.url));

Deno.test("the README's curl signs in, streams, and shows the row of its SQL", async () => {
  await using stack = await startStack();
  const { email, password } = demoUsers[0]!;
  const fill = (code: string) =>
    code.replaceAll("https://<project>.supabase.co", stack.url)
      .replaceAll("<publishable key>", stack.publishableKey)
      .replaceAll("<email>", email)
      .replaceAll("<password>", password);

  const curl = startCommand("bash", { args: ["-c", fill(code("With curl", "sh"))] });
  const ended = curl.status.then(() => {
    throw new Error(`curl ended: ${curl.errors()}${curl.output()}`);
  });
  const shows = (text: string) =>
    Promise.race([until(() => curl.output().includes(text), text), ended]);
  await shows('"ready"');
  await stack.database.execute(fill(code("See that it works", "sql")));
  await shows('"hello.txt"');
  await stack.database.execute("delete from files");
  await shows('"file-deleted"');

  ended.catch(() => {});
  await stack.stop(); // The stream ends, and curl with it.
  await curl.status;
  assert.match(curl.output(), /"closing"/);
});

/** The first block of code in `language` below the heading. */
function code(heading: string, language: string): string {
  const section = readme.split(`\n### ${heading}\n`)[1];
  const block = section?.match(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, "m"))?.[1];
  assert.ok(block, `README.md has ${language} below "${heading}"`);
  return block;
}
