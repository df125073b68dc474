import { setTimeout } from "node:timers/promises";

/** Rejects with the signal's reason if it is aborted first. */
export async function sleep(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await setTimeout(milliseconds, undefined, { signal });
  } catch {
    signal.throwIfAborted();
  }
}
