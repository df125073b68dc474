import type { ContenderProcess } from "../contenders/contender_process.ts";
import type { User } from "../stand_in/users.ts";
import type { Audience, OpenTimes } from "./audience.ts";
import { inTurns } from "./in_turns.ts";

/** Clients in the process that is measured; see `contenders/direct.ts`. */
export class DirectAudience implements Audience {
  readonly #process: ContenderProcess;

  constructor(process: ContenderProcess) {
    this.#process = process;
  }

  open(users: readonly User[], perSecond = Infinity): Promise<OpenTimes[]> {
    return inTurns(users, perSecond, async ({ id, tokens }) => {
      const requestedAt = performance.timeOrigin + performance.now();
      await this.#process.call("open", { id, token: tokens.ES256 });
      return { userId: id, requestedAt };
    });
  }

  takeLatencies(): Promise<number[]> {
    return this.#process.call<number[]>("takeLatencies");
  }

  [Symbol.asyncDispose](): Promise<void> {
    return Promise.resolve();
  }
}
