import { type FunctionProcess, startFunction } from "../../local/function_process.ts";
import { publishableKey } from "../../local/api_keys.ts";
import type { Stack } from "../../local/stack.ts";
import { until } from "../support/until.ts";
import { EventStream } from "../support/event_stream.ts";
import { isType } from "../support/event_predicates.ts";
import { type FaultyUpstream, startFaultyUpstream } from "../support/faulty_upstream.ts";
import type { Source } from "../support/sources.ts";
import { mintTestUser, type TestUser } from "../support/test_user.ts";

export interface OpenOptions {
  readonly query?: Record<string, string>;
  readonly lastEventId?: string;
  /** Instead of the user's own. */
  readonly token?: string;
  /** Where to ask, instead of the function itself. */
  readonly base?: string;
}

/** Whether a frame says that changes arrive from now on. */
export function confirms(frame: string): boolean {
  return frame.includes('"system"') && frame.includes('"ok"');
}

/** The function in a process of its own, with a faulty upstream between it and the stack. */
export class FunctionUnderFault implements AsyncDisposable {
  readonly upstream: FaultyUpstream = startFaultyUpstream();
  readonly log: string[] = [];
  readonly #stack: Stack;
  #streams: EventStream[] = [];
  #process: FunctionProcess | undefined;

  private constructor(stack: Stack) {
    this.#stack = stack;
    this.upstream.target = stack.url;
  }

  static async start(stack: Stack, env: { source: Source }): Promise<FunctionUnderFault> {
    const it = new FunctionUnderFault(stack);
    it.#process = await startFunction({
      SUPABASE_URL: it.upstream.url,
      SUPABASE_PUBLISHABLE_KEYS: JSON.stringify({ default: publishableKey }),
      FILE_EVENTS_SOURCE: env.source,
      FILE_EVENTS_CATCH_UP_MS: "500",
      FILE_EVENTS_HEARTBEAT_MS: "300",
    }, { log: (line) => it.log.push(line) });
    return it;
  }

  get process(): FunctionProcess {
    return this.#process!;
  }

  /** A new user, with a token that lasts `seconds` (an hour). */
  user(options: { seconds?: number } = {}): Promise<TestUser> {
    return mintTestUser(this.#stack, options);
  }

  async open(user: TestUser, options: OpenOptions = {}): Promise<EventStream> {
    const { query = {}, lastEventId, token = user.token, base = this.process.url() } = options;
    const url = new URL(`${base}/file-events`);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const stream = await EventStream.open(url, {
      ...(!("access_token" in query) && { authorization: `Bearer ${token}` }),
      ...(lastEventId && { "last-event-id": lastEventId }),
    });
    this.#streams.push(stream);
    return stream;
  }

  async ready(user: TestUser, options: OpenOptions = {}): Promise<EventStream> {
    const stream = await this.open(user, options);
    await stream.next(isType("ready"), "ready");
    return stream;
  }

  /** Like {@linkcode ready}, once Realtime has confirmed the subscription too. */
  async live(user: TestUser, options: OpenOptions = {}): Promise<EventStream> {
    const stream = await this.ready(user, options);
    const isConfirmation = (frame: string) => frame.includes(user.id) && confirms(frame);
    await until(() => this.upstream.delivered.some(isConfirmation), "confirmed subscription");
    return stream;
  }

  /** Whether Realtime has brought the function anything that names `id`. */
  wasTold(id: string): boolean {
    return this.upstream.delivered.some((frame) => frame.includes(id));
  }

  /** Whether the function has left the user's channel. */
  hasLeft({ id }: TestUser): boolean {
    return this.upstream.delivered.some((it) => it.includes(id) && it.includes("phx_close"));
  }

  /** Everything works again, and nothing is left over of the test that ends. */
  async recover(): Promise<void> {
    this.upstream.heal();
    this.upstream.delivered.length = 0;
    this.#stack.realtime.fault({ fault: "up" });
    await Promise.all(this.#streams.map((stream) => stream.close()));
    this.#streams = [];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.recover();
    await this.process.stop();
    await this.upstream[Symbol.asyncDispose]();
  }
}
