import type { Client } from "../client.ts";
import { PYTHON } from "../debian_programs.ts";
import { runProgram } from "./run_program.ts";

export const pythonUrllib: Client = {
  name: "Python's standard library",
  acceptsGzip: false,
  cannot: { "nginx with HTTP/2": "Python's standard library has no HTTP/2" },
  open: (connection) => runProgram([PYTHON, "-B"], "python_urllib.py", connection),
};
