import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { startStack } from "../../local/stack.ts";
import { serveHttp } from "../support/http_server.ts";
import { passOn } from "../support/pass_on.ts";
import { temporaryFolder } from "../support/temporary_folder.ts";

const PROCESS = fileURLToPath(new URL("../../demo/process.ts", import.meta.url));

Deno.test("deno task process reports each file's stages and results", async () => {
  await using stack = await startStack({ withFunction: false });
  await using files = await temporaryFiles({ "a.txt": "one two\n", "b.md": "# three" });
  const { code, lines } = await process(stack.url, [files.path("a.txt"), files.path("b.md")]);

  assert.equal(code, 0);
  for (const name of ["a.txt", "b.md "]) {
    const own = lines.filter((line) => line.startsWith(name)).map((line) => line.slice(7));
    assert.deepEqual(own, [
      "extraction     0 %",
      "compression   25 %",
      "embedding     50 %",
      "finalization  75 %",
      "ready        100 %",
    ]);
  }
  assert.ok(lines.some((line) => line.includes("Text     8 characters, 2 words, 1 line")));

  const rows = await stack.database.query(
    `select filename, file_type, status, progress, processing_stage, email
     from public.files join auth.users on users.id = user_id order by filename`,
  );
  const ready = {
    status: "ready",
    progress: 100,
    processing_stage: null,
    email: "ada@example.com",
  };
  assert.deepEqual(rows, [
    { filename: "a.txt", file_type: "text/plain", ...ready },
    { filename: "b.md", file_type: "text/markdown", ...ready },
  ]);
});

Deno.test("deno task process fails for a bad file, and goes on with the others", async () => {
  await using stack = await startStack({ withFunction: false });
  await using files = await temporaryFiles({ "empty.txt": "", "good.txt": "good" });
  const paths = [
    files.path("empty.txt"),
    files.path("good.txt"),
    files.path("none"),
    files.path(""),
  ];
  const { code, lines } = await process(stack.url, paths);

  assert.equal(code, 1);
  for (
    const end of [
      "failed: The file is empty.",
      "failed: no such file",
      "failed: is a directory; " +
      "name the files in it",
      "ready        100 %",
    ]
  ) {
    assert.equal(lines.filter((line) => line.endsWith(end)).length, 1, end);
  }
  const rows = await stack.database.query(
    "select filename, status, error_message from public.files order by filename",
  );
  assert.deepEqual(rows, [
    { filename: "empty.txt", status: "failed", error_message: "The file is empty." },
    { filename: "good.txt", status: "ready", error_message: null },
  ]);
});

Deno.test("deno task process without a file says how to use it", async () => {
  const { code, errors } = await process("http://127.0.0.1:1", []);
  assert.deepEqual([code, errors], [2, ["Usage: deno task process FILE…"]]);
});

Deno.test("deno task process without a stack says what to run first", async () => {
  const { code, errors } = await process("http://127.0.0.1:1", ["a.txt"]);
  assert.equal(code, 1);
  assert.deepEqual(errors, [
    "Cannot reach Supabase at http://127.0.0.1:1: run `deno task dev` first, or set SUPABASE_URL.",
  ]);
});

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  Deno.test(`deno task process marks what ${signal} interrupts as failed`, async () => {
    await using stack = await startStack({ withFunction: false });
    await using files = await temporaryFiles({ "slow.txt": "x".repeat(20_000_000) });
    const child = command(stack.url, [files.path("slow.txt")]).spawn();
    let interrupted = false;
    for await (const _ of child.stdout) {
      if (!interrupted) child.kill(signal);
      interrupted = true;
    }
    await child.stderr.cancel();
    const { code } = await child.status;

    assert.equal(code, 1);
    assert.deepEqual(await stack.database.query("select status, error_message from public.files"), [
      { status: "failed", error_message: "Processing was stopped." },
    ]);
  });
}

Deno.test("deno task process goes on after an outage, and says that it waits", async () => {
  await using stack = await startStack({ withFunction: false });
  await using outage = startOutage(stack.url);
  await using files = await temporaryFiles({ "a.txt": "one two" });
  const child = command(outage.url, [files.path("a.txt")]).spawn();
  const lines: string[] = [];
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    lines.push(...text.split("\n").filter(Boolean));
    if (text.includes("waits")) outage.end();
  }
  await child.stderr.cancel();
  assert.equal((await child.status).code, 0);
  assert.equal(lines[0], "a.txt  waits: Supabase is not available (status 503)");
  assert.ok(lines.includes("a.txt  ready        100 %"));
});

Deno.test("deno task process ends in an outage when it is told to more than once", async () => {
  await using stack = await startStack({ withFunction: false });
  await using outage = startOutage(stack.url);
  await using files = await temporaryFiles({ "a.txt": "one two" });
  const child = command(outage.url, [files.path("a.txt")]).spawn();
  const reader = child.stdout.getReader();
  await reader.read();
  const again = setInterval(() => child.kill("SIGTERM"), 100);
  const { code } = await child.status.finally(() => clearInterval(again));
  assert.equal(code, 1);
  assert.equal(
    await new Response(child.stderr).text(),
    "Stopped before the database could be told: files may stay in progress.\n",
  );
  await reader.cancel();
});

Deno.test("deno task process finishes its work though nobody reads its output", async () => {
  await using stack = await startStack({ withFunction: false });
  await using files = await temporaryFiles({ "a.txt": "one two\n" });
  const child = command(stack.url, [files.path("a.txt")]).spawn();
  await Promise.all([child.stdout.cancel(), child.stderr.cancel()]);
  await child.status;
  assert.deepEqual(await stack.database.query("select status from public.files"), [
    { status: "ready" },
  ]);
});

Deno.test("deno task process takes a path from where its user is", async () => {
  await using stack = await startStack({ withFunction: false });
  await using files = await temporaryFiles({ "mine.txt": "some words" });
  const env = { INIT_CWD: files.path(".") };
  const { code } = await process(stack.url, ["mine.txt"], env);
  assert.equal(code, 0);
});

Deno.test("deno task process shows what a name would do to the terminal", async () => {
  await using stack = await startStack({ withFunction: false });
  const name = "bill\x1b[2K\r\x1b[32mgood\x07\n\u202egnp.txt";
  await using files = await temporaryFiles({ [name]: "some words" });
  const { code, lines } = await process(stack.url, [files.path(name)]);
  assert.equal(code, 0);
  assert.deepEqual(lines.map((line) => line.match(/[^ -~→]/g)).filter(Boolean), []);
  assert.ok(
    lines[0]?.startsWith("bill\\u001b[2K\\u000d\\u001b[32mgood\\u0007\\u000a\\u202egnp.txt  "),
  );
  assert.deepEqual(await stack.database.query("select filename from public.files"), [
    { filename: name },
  ]);
});

Deno.test("deno task process says that it can't open a name that is not UTF-8", async () => {
  await using stack = await startStack({ withFunction: false });
  await using files = await temporaryFiles({});
  // Only a shell can make and pass such a name: Deno's arguments are text.
  const script =
    `name=$(printf 'odd\\377\\376.txt'); echo words > "$0/$name"; exec "$@" "$0/$name"`;
  const child = new Deno.Command("bash", {
    args: [
      "-c",
      script,
      files.path("."),
      Deno.execPath(),
      "run",
      "--quiet",
      "--allow-all",
      PROCESS,
    ],
    env: { SUPABASE_URL: stack.url, NO_COLOR: "1" },
  });
  const { code, stdout } = await child.output();
  assert.equal(code, 1);
  assert.match(new TextDecoder().decode(stdout), /name is not UTF-8 can't be opened, rename it\n$/);
});

/** The stack at `url`, where nothing can be written until the outage ends. */
function startOutage(url: string) {
  let isOver = false;
  const server = serveHttp((request) => {
    const isWrite = new URL(request.url).pathname.startsWith("/rest/");
    return isWrite && !isOver ? new Response(null, { status: 503 }) : passOn(request, url);
  });
  return { ...server, end: () => void (isOver = true) };
}

function command(url: string, paths: string[], env: Record<string, string> = {}): Deno.Command {
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "--allow-all", PROCESS, ...paths],
    env: { SUPABASE_URL: url, NO_COLOR: "1", ...env },
    stdout: "piped",
    stderr: "piped",
  });
}

async function process(url: string, paths: string[], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await command(url, paths, env).output();
  const linesOf = (bytes: Uint8Array) =>
    new TextDecoder().decode(bytes).split("\n").filter(Boolean);
  return { code, lines: linesOf(stdout), errors: linesOf(stderr) };
}

async function temporaryFiles(contents: Record<string, string>) {
  const folder = await temporaryFolder();
  const path = (name: string) => `${folder.path}/${name}`;
  for (const [name, text] of Object.entries(contents)) await Deno.writeTextFile(path(name), text);
  return { ...folder, path };
}
