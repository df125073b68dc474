import type { Stack } from "../../local/stack.ts";
import type { FunctionUnderFault } from "./function_under_fault.ts";
import type { Source } from "../support/sources.ts";

/** Something that breaks on the embedded stack, and what a stream makes of it. */
export interface Outage {
  readonly name: string;
  /** It deletes the files of all users, so no other test of the database may run beside it. */
  readonly deletesAllFiles?: boolean;
  run(world: World): Promise<void>;
}

export interface World {
  readonly stack: Stack;
  readonly source: Source;
  readonly fn: FunctionUnderFault;
}
