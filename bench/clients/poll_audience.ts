import type { Algorithm, User } from "../stand_in/users.ts";

export interface PollAudienceOptions {
  readonly port: number;
  readonly algorithm: Algorithm;
}

/** How long an answer may be held, in seconds. */
const MAX_WAIT_S = 25;
/** How long a client waits after an answer that has changes, in milliseconds. */
const PAUSE_MS = 500;

/** Clients that poll, one a user. */
export class PollAudience implements AsyncDisposable {
  readonly #options: PollAudienceOptions;
  readonly #end = new AbortController();
  readonly #clients: Promise<void>[] = [];
  /** How many requests have been answered. */
  answerCount = 0;

  constructor(options: PollAudienceOptions) {
    this.#options = options;
  }

  /** Lets each user poll until the audience is disposed of. Resolves when all have their files. */
  async open(users: readonly User[]): Promise<void> {
    await Promise.all(users.map((user, n) => {
      const opened = Promise.withResolvers<void>();
      this.#clients.push(
        this.#poll(user, { firstWait: n % MAX_WAIT_S, onAnswer: opened.resolve }).catch((error) => {
          if (!this.#end.signal.aborted) throw error;
        }),
      );
      return opened.promise;
    }));
  }

  /** @param options.firstWait Differs among users, so that they do not all poll at once. In seconds. */
  async #poll(
    user: User,
    { firstWait, onAnswer }: { firstWait: number; onAnswer: () => void },
  ): Promise<void> {
    const { port, algorithm } = this.#options;
    const url = `http://127.0.0.1:${port}/file-events?user=${user.id}`;
    let wait = firstWait;
    const { signal } = this.#end;
    const headers = new Headers({
      Accept: "application/json",
      Authorization: `Bearer ${user.tokens[algorithm]}`,
    });
    while (!signal.aborted) {
      const response = await fetch(`${url}&wait=${wait}`, { headers, signal });
      if (!response.ok) throw new Error(await response.text());
      const { id, events } = await response.json();
      // The first answer is not held.
      if (headers.has("Last-Event-ID")) wait = MAX_WAIT_S;
      headers.set("Last-Event-ID", id);
      this.answerCount++;
      onAnswer();
      if (events.length > 1) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#end.abort();
    await Promise.all(this.#clients);
  }
}
