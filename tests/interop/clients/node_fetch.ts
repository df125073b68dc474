import type { Client } from "../client.ts";
import { runProgram } from "./run_program.ts";

export const nodeFetch: Client = {
  name: "Node's fetch",
  acceptsGzip: true,
  cannot: { "nginx with HTTP/2": "Node's fetch speaks HTTP/1.1 unless its dispatcher is replaced" },
  open: (connection) => runProgram(["node"], "node_fetch.mjs", connection),
};
