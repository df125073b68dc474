import { run } from "../../setup/run.ts";
import { scriptedIo } from "./scripted_io.ts";

export interface Result {
  readonly code: number;
  readonly output: string;
  readonly errors: string;
}

/** Calls a command in a folder where nobody can be asked. */
export async function call({ path }: { path: string }, ...args: string[]): Promise<Result> {
  const io = scriptedIo(path);
  const code = await run(args, io);
  return { code, output: io.output.join("\n"), errors: io.errors.join("\n") };
}
