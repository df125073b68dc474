import type { Io } from "../io.ts";
import { SetupError } from "../setup_error.ts";

// A placeholder.
export function add(_args: string[], _io: Io): Promise<number> {
  return Promise.reject(new SetupError("not-built", "The command add is not built yet."));
}
