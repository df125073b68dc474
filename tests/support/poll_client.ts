import assert from "node:assert/strict";
import type { FileEvent, FileState } from "../../client/protocol.ts";
import { deadline } from "./deadline.ts";
import { ProtocolChecker } from "./protocol_checker.ts";

/** The answer to a poll. */
export interface PollAnswer {
  readonly events: readonly FileEvent[];
  readonly id: string | null;
  readonly more: boolean;
  readonly retry: number;
}

/** The smallest client that polls, as `docs/protocol.md` describes one. */
export class PollClient {
  /** What its user sees, by id. */
  readonly files = new Map<string, FileState>();
  readonly answers: PollAnswer[] = [];
  id: string | null = null;
  readonly #url: string;
  readonly #token: string;
  readonly #checker = new ProtocolChecker();

  constructor(url: string, token: string) {
    this.#url = url;
    this.#token = token;
  }

  /** Polls once, and applies the answer. `wait` is in seconds. */
  async poll({ wait = 0 } = {}): Promise<PollAnswer> {
    const headers = new Headers({
      Accept: "application/json",
      Authorization: `Bearer ${this.#token}`,
    });
    if (this.id !== null) headers.set("Last-Event-ID", this.id);
    this.#checker.connect(this.id);
    const response = await deadline(
      fetch(`${this.#url}?wait=${wait}`, { headers }),
      "answer",
      60_000,
    );
    const text = await response.text();
    assert.equal(response.status, 200, text);
    const answer: PollAnswer = JSON.parse(text);
    this.answers.push(answer);
    for (const event of answer.events) this.#apply(event);
    this.id = answer.id;
    assert.deepEqual(this.#checker.violations, []);
    assert.ok(answer.events.length <= 1_000);
    return answer;
  }

  /** Polls until there is no more, and nothing waits. */
  async catchUp(): Promise<void> {
    while ((await this.poll()).more);
  }

  #apply(event: FileEvent): void {
    // One id stands for all events. That of a reset is always the same.
    this.#checker.receive(event, event.eventType === "reset" ? "none" : undefined);
    if (event.eventType === "reset") this.files.clear();
    if (event.eventType === "file-update") this.files.set(event.file.id, event.file);
    if (event.eventType === "file-deleted") this.files.delete(event.file.id);
  }
}
