import assert from "node:assert/strict";
import { demoUsers } from "../../local/demo_users.ts";
import { startStack } from "../../local/stack.ts";
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

  const child = new Deno.Command("bash", {
    args: ["-c", fill(code("With curl", "sh"))],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let [output, errors] = ["", ""];
  const read = Promise.all([
    child.stdout.pipeThrough(new TextDecoderStream())
      .pipeTo(new WritableStream({ write: (text) => void (output += text) })),
    child.stderr.pipeThrough(new TextDecoderStream())
      .pipeTo(new WritableStream({ write: (text) => void (errors += text) })),
  ]);
  const ended = child.status.then(() => {
    throw new Error(`curl ended: ${errors}${output}`);
  });
  await Promise.race([until(() => output.includes('"ready"'), '"ready"'), ended]);
  await stack.database.execute(fill(code("See that it works", "sql")));
  await Promise.race([until(() => output.includes('"hello.txt"'), "file-update"), ended]);
  await stack.database.execute("delete from files");
  await Promise.race([until(() => output.includes('"file-deleted"'), "file-deleted"), ended]);

  ended.catch(() => {});
  await stack.stop(); // The stream ends, and curl with it.
  await Promise.all([child.status, read]);
  assert.match(output, /"closing"/);
});

/** The first block of code in `language` below the heading. */
function code(heading: string, language: string): string {
  const section = readme.split(`\n### ${heading}\n`)[1];
  const block = section?.match(new RegExp(`^\`\`\`${language}\n([^]*?)^\`\`\``, "m"))?.[1];
  assert.ok(block, `README.md has ${language} below "${heading}"`);
  return block;
}
