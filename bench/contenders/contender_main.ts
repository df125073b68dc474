/**
 * Runs the module of a contender and obeys the benchmark. The arguments are the module and the port
 * on which the benchmark listens. Over this connection go lines of JSON: first `{ port }` if the
 * module serves HTTP, then an answer `{ result }` for each `{ command, parameter }`. The process ends
 * with the connection.
 */
import { lines } from "../../local/lines.ts";

const [module, controlPort] = Deno.args;
const connection = await Deno.connect({ hostname: "127.0.0.1", port: Number(controlPort) });
const writer = connection.writable.getWriter();
const send = (message: object) =>
  writer.write(new TextEncoder().encode(JSON.stringify(message) + "\n"));

// This chooses the address, as the platform does.
const serve = Deno.serve as (...parameters: unknown[]) => Deno.HttpServer<Deno.NetAddr>;
Object.assign(Deno, {
  serve: (...parameters: unknown[]) => {
    const server = serve({ hostname: "127.0.0.1", port: 0 }, parameters.at(-1));
    send({ port: server.addr.port });
    return server;
  },
});

const { commands: ownCommands } = await import(module!);
const commands: Record<string, (parameter: unknown) => unknown> = {
  ...ownCommands,
  memory() {
    const { gc } = globalThis as unknown as { gc: () => void };
    gc();
    gc();
    const { rss, heapUsed } = Deno.memoryUsage();
    return { rss, heapUsed };
  },
};
if (ownCommands) send({ port: null });

const input = connection.readable.pipeThrough(new TextDecoderStream()).pipeThrough(lines());
for await (const line of input) {
  const { command, parameter } = JSON.parse(line);
  send({ result: await commands[command]!(parameter) ?? null });
}
Deno.exit();
