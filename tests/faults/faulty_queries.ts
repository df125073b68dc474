import type { Clock } from "../../supabase/functions/file-events/clock.ts";
import type { ChangesPage } from "../../supabase/functions/file-events/stream/changes_since.ts";
import type { QueryFate } from "./step.ts";

const TIMEOUT_MS = 10_000;
const SLOW_MS = 2_000;

/** What stands between streams and their database: catch-up queries fail, hang and are late. */
export class FaultyQueries {
  readonly #clock: Clock;
  #fates: QueryFate[] = [];

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The fates of the next queries. After them all are answered. */
  decide(fates: readonly QueryFate[]): void {
    this.#fates.push(...fates);
  }

  heal(): void {
    this.#fates = [];
  }

  async run(ask: () => ChangesPage | Promise<ChangesPage>): Promise<ChangesPage> {
    const fate = this.#fates.shift() ?? "answer";
    if (fate === "fail") throw new Error("the query failed");
    if (fate === "queued") await this.#pass(SLOW_MS);
    let cancel = () => {};
    const timeout = new Promise<never>((_, reject) => {
      cancel = this.#clock.after(TIMEOUT_MS, () => reject(new Error("the query timed out")));
    });
    try {
      const page = await Promise.race(fate === "hang" ? [timeout] : [ask(), timeout]);
      if (fate === "slow") await this.#pass(SLOW_MS);
      return page;
    } finally {
      cancel();
    }
  }

  #pass(ms: number): Promise<void> {
    return new Promise((resolve) => void this.#clock.after(ms, resolve));
  }
}
