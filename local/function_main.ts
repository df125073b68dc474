/**
 * Runs the function as the platform does: with the platform's environment and nothing else, on a
 * port that the platform chooses. Started by function_process.ts, which writes the environment as
 * one line of JSON to standard input and keeps that open: when it ends, however that happens, or at
 * SIGTERM, the function shuts down too.
 */
import { lines } from "./lines.ts";

const input = Deno.stdin.readable
  .pipeThrough(new TextDecoderStream())
  .pipeThrough(lines())
  .getReader();

const { value: firstLine } = await input.read();
if (firstLine === undefined) Deno.exit(1);
for (const name of Object.keys(Deno.env.toObject())) Deno.env.delete(name);
for (const [name, value] of Object.entries<string>(JSON.parse(firstLine))) {
  Deno.env.set(name, value);
}

// A terminal's Ctrl-C reaches this process too: the parent decides when it ends.
Deno.addSignalListener("SIGINT", () => {});

// Like the Edge Runtime's own Deno.serve, this one decides where to listen.
const serve = Deno.serve;
let server: Deno.HttpServer | undefined;
Object.assign(Deno, {
  serve: (...parameters: [Deno.ServeHandler] | [Deno.ServeOptions, Deno.ServeHandler]) => {
    const handler = parameters.at(-1) as Deno.ServeHandler;
    const onListen = ({ port }: { port: number }) => {
      // deno-lint-ignore no-console -- how the parent learns the port
      console.log(`listening on port ${port}`);
    };
    server = serve({ hostname: "127.0.0.1", port: 0, onListen }, handler);
    return server;
  },
});

await import("../supabase/functions/file-events/index.ts");

const terminated = new Promise<void>((resolve) => Deno.addSignalListener("SIGTERM", resolve));
const parentEnded = (async () => {
  while (!(await input.read()).done);
})();
await Promise.race([terminated, parentEnded]);
// The platform announces the end of an isolate; streams use it to say goodbye.
dispatchEvent(new Event("beforeunload"));
await Promise.race([server?.shutdown(), new Promise((resolve) => setTimeout(resolve, 1_000))]);
Deno.exit(0);
