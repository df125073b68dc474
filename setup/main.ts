#!/usr/bin/env node
/**
 * Installs file-events in a Supabase project. Runs on Deno from a clone and, bundled, on Node 20:
 * nothing in this folder uses Deno's API.
 */
import process from "node:process";
import { fileURLToPath } from "node:url";
import { processIo } from "./process_io.ts";
import { run } from "./run.ts";

/** The clone or the package that this runs from. */
const home = fileURLToPath(new URL("../", import.meta.url)).replace(/[/\\]$/, "");

// `deno task` runs in the clone, and says where it was called.
const { INIT_CWD } = process.env;
const cwd = process.cwd() === home && INIT_CWD ? INIT_CWD : process.cwd();

// A reader that has enough, such as `head`, closes the pipe. The command goes on to its end, so that
// no installation is written by half and the doctor deletes its row.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

process.exitCode = await run(process.argv.slice(2), processIo(cwd));
