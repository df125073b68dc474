/**
 * `deno task dev`: the embedded Supabase with the function on it. `PORT` moves it; `FILE_EVENTS_…`
 * variables reach the function.
 */
// @supabase/lite's command-line tool reports usage; its library shall not learn to.
Deno.env.set("LITE_TELEMETRY", "0");
Deno.env.set("DO_NOT_TRACK", "1");

const { createDemoPage } = await import("./demo_page.ts");
const { startStack } = await import("./stack.ts");
const { demoUsers, signIn } = await import("./demo_users.ts");

const print = (text: string) => {
  // deno-lint-ignore no-console -- this is the program's output
  console.log(text);
};

const ended = Promise.withResolvers<void>();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  // The same handler for every signal: a terminal's Ctrl-C arrives twice under `deno task`.
  Deno.addSignalListener(signal, () => ended.resolve());
}

const port = Number(Deno.env.get("PORT") || 54321);
if (!Number.isInteger(port) || port < 0 || port > 65535) {
  print(`PORT must be a port number, not "${Deno.env.get("PORT")}"`);
  Deno.exit(1);
}
// curl takes a proxy for loopback addresses too.
const proxied = ["http_proxy", "all_proxy", "ALL_PROXY"].some((name) => Deno.env.get(name));
const functionEnv = Object.fromEntries(
  Object.entries(Deno.env.toObject()).filter(([name]) => name.startsWith("FILE_EVENTS_")),
);

try {
  await using stack = await startStack({
    port,
    page: await createDemoPage(),
    functionEnv,
    // As a project on the Free plan has it.
    realtime: { maxMessagesPerSecond: 100 },
    log: print,
  });
  const token = await signIn(stack, demoUsers[0]!);
  print(`
  Embedded Supabase, for development on this machine (fresh database, nothing is kept)

  Page             ${stack.url}/
  Project URL      ${stack.url}
  Publishable key  ${stack.publishableKey}
  Secret key       ${stack.secretKey}
  Demo users       ${demoUsers.map(({ email }) => email).join(", ")}
  Password         ${demoUsers[0]!.password}

  Watch ${demoUsers[0]!.email}'s files in another terminal (the token lasts an hour):

curl -N ${
    proxied ? "--noproxy 127.0.0.1 " : ""
  }${stack.url}/functions/v1/file-events -H "Authorization: Bearer ${token}"

  Ctrl-C stops it.
`);
  await ended.promise;
} catch (error) {
  if (!(error instanceof Deno.errors.AddrInUse)) throw error;
  print(`Port ${port} is taken. Stop what uses it, or choose another: PORT=54322 deno task dev`);
  Deno.exit(1);
}
Deno.exit(0);
