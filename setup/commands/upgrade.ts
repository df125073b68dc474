import type { Io } from "../io.ts";
import { SetupError } from "../setup_error.ts";

// A placeholder.
export function upgrade(_args: string[], _io: Io): Promise<number> {
  return Promise.reject(new SetupError("not-built", "The command upgrade is not built yet."));
}
