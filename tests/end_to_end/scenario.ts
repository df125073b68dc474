import assert from "node:assert/strict";
import { EventStream } from "../support/event_stream.ts";
import { isType } from "../support/event_predicates.ts";
import { PollClient } from "../support/poll_client.ts";
import { functionUrl, type Target } from "../support/target.ts";
import { createTestUser, deleteTestUser, type TestUser } from "../support/test_user.ts";

/** One behaviour of the stream, told with users of its own on any project. */
export interface Scenario {
  readonly name: string;
  run(stage: Stage): Promise<void>;
}

export interface StreamOptions {
  /** As the `Authorization` header has it, or `null` for none; the user's token by default. */
  readonly authorization?: string | null;
  readonly headers?: Record<string, string>;
  readonly query?: Record<string, string | readonly string[]>;
}

/** What a scenario plays on. Users and streams go when it ends. */
export class Stage implements AsyncDisposable {
  readonly #stack = new AsyncDisposableStack();

  /** @param anyone A signed-in user without files, for what needs no user of its own. */
  constructor(readonly target: Target, readonly anyone: TestUser) {}

  async user(): Promise<TestUser> {
    const user = await createTestUser(this.target);
    this.#stack.defer(() => deleteTestUser(this.target, user));
    return user;
  }

  async open(user: TestUser, options: StreamOptions = {}): Promise<EventStream> {
    const { url, headers } = this.#request(user, options);
    const stream = this.#stack.use(await EventStream.open(url, headers));
    assert.equal(stream.response.status, 200);
    return stream;
  }

  /** Opens a stream and waits until it is up to date. */
  async ready(user: TestUser, options: StreamOptions = {}): Promise<EventStream> {
    const stream = await this.open(user, options);
    await stream.next(isType("ready"), "ready");
    return stream;
  }

  /** A client that polls, and has sent no request yet. */
  poller(user: TestUser): PollClient {
    return new PollClient(functionUrl(this.target), user.token);
  }

  /** What the function answers to a request that opens no stream. */
  async refusal(user: TestUser, options: StreamOptions & { method?: string } = {}) {
    const { url, headers } = this.#request(user, options);
    const response = await fetch(url, { method: options.method ?? "GET", headers });
    const body = await response.text();
    const { code = "", error = "" } = body ? JSON.parse(body.slice(body.indexOf("{"))) : {};
    return { status: response.status, headers: response.headers, body, code, error };
  }

  /** Waits until `stream` has brought a file that is inserted now: what was before it has come. */
  async caughtUp(user: TestUser, stream: EventStream): Promise<void> {
    const marker = await user.insert({ filename: "marker" });
    await stream.next(({ file }) => file?.id === marker, "the marker file");
  }

  #request(user: TestUser, { authorization, headers, query }: StreamOptions) {
    const url = new URL(functionUrl(this.target));
    for (const [name, values] of Object.entries(query ?? {})) {
      for (const value of [values].flat()) url.searchParams.append(name, value);
    }
    const bearer = authorization === undefined ? `Bearer ${user.token}` : authorization;
    return { url, headers: { ...headers, ...(bearer !== null && { authorization: bearer }) } };
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#stack.disposeAsync();
  }
}

/** Runs each scenario as a step of its own. */
export async function runScenarios(
  t: Deno.TestContext,
  { scenarios, target }: { scenarios: readonly Scenario[]; target: Target },
): Promise<void> {
  const anyone = await createTestUser(target);
  for (const { name, run } of scenarios) {
    await t.step(name, async () => {
      await using stage = new Stage(target, anyone);
      await run(stage);
    });
  }
  await deleteTestUser(target, anyone);
}
