import type { Client } from "../client.ts";
import { PYTHON } from "../debian_programs.ts";
import { succeeds } from "../missing_requirements.ts";
import { runProgram } from "./run_program.ts";

// Debian 12 has httpx, but no package of httpx-sse.
const isInstalled = await succeeds(PYTHON, "-c", "import httpx_sse");

export const httpxSse: Client = {
  name: isInstalled ? "Python's httpx-sse" : "Python's httpx with a decoder like that of httpx-sse",
  acceptsGzip: true,
  open: (connection) => runProgram([PYTHON, "-B"], "httpx_sse_client.py", connection),
};
