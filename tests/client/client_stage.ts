import { createFileEvents } from "../../client/create_file_events.ts";
import type { Environment } from "../../client/environment.ts";
import type { FileEvents } from "../../client/file_events.ts";
import type { FileEventsOptions } from "../../client/options.ts";
import type { FileEvent, FileState } from "../../client/protocol.ts";
import { FakeClock, settle } from "../support/fake_clock.ts";
import type { FakeTab } from "../support/fake_tabs.ts";
import { unsignedToken } from "../support/access_tokens.ts";

/** An event without its timestamp. */
export type Content = FileEvent extends infer Event
  ? Event extends FileEvent ? Omit<Event, "timestamp"> : never
  : never;

/** A request of the client, and the answer that a test gives to it. */
export class Request {
  readonly url: URL;
  readonly headers: Headers;
  readonly signal: AbortSignal;
  readonly cache: RequestCache | undefined;
  readonly #answer = Promise.withResolvers<Response>();
  #body: ReadableStreamDefaultController<Uint8Array> | undefined;

  constructor(url: string, init: RequestInit, ignoresAborts: boolean) {
    this.url = new URL(url);
    this.headers = new Headers(init.headers);
    this.signal = init.signal!;
    this.cache = init.cache;
    if (!ignoresAborts) {
      this.signal.addEventListener("abort", () => this.#fail(this.signal.reason));
    }
  }

  get answer(): Promise<Response> {
    return this.#answer.promise;
  }

  get token(): string {
    return this.headers.get("authorization")!.replace("Bearer ", "");
  }

  /** Begins an answer. */
  begin(init: ResponseInit = {}): this {
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => void (this.#body = controller),
    });
    const headers = { "content-type": "text/event-stream", ...init.headers };
    this.#answer.resolve(new Response(body, { ...init, headers }));
    return this;
  }

  /** A whole answer that is no stream. */
  refuse(status: number, body = "", headers: Record<string, string> = {}): void {
    this.#answer.resolve(new Response(body, { status, headers }));
  }

  /** The whole answer of a poll. */
  answerPoll(
    events: readonly Content[],
    { id = null, more = false, retry = 500 }: {
      id?: string | null;
      more?: boolean;
      retry?: number;
    } = {},
  ): void {
    this.#answer.resolve(Response.json({ events: events.map(stamped), id, more, retry }));
  }

  write(bytes: string | Uint8Array): this {
    this.#body!.enqueue(typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes);
    return this;
  }

  send(event: Content, id?: string): this {
    const data = JSON.stringify(stamped(event));
    return this.write(`${id === undefined ? "" : `id: ${id}\n`}data: ${data}\n\n`);
  }

  /** A complete snapshot. */
  snapshot(files: readonly FileState[], id: string): this {
    this.send({ eventType: "reset" }, "none");
    for (const file of files) this.send({ eventType: "file-update", file });
    return this.send({ eventType: "ready" }, id);
  }

  end(): void {
    this.#body!.close();
  }

  /** The network breaks. */
  cut(): void {
    this.#fail(new TypeError("network error"));
  }

  #fail(reason: unknown): void {
    this.#answer.reject(reason);
    this.#answer.promise.catch(() => {});
    try {
      this.#body?.error(reason);
    } catch {
      // It has ended.
    }
  }
}

function stamped(event: Content): FileEvent {
  return { timestamp: "2026-11-29T10:00:00.000Z", ...event } as FileEvent;
}

/** A client on a clock that moves by hand, and the server's side of it. */
export interface ClientStage extends Disposable {
  readonly clock: FakeClock;
  readonly files: FileEvents;
  /** All requests, in order. */
  readonly requests: Request[];
  /** The names of the files, as subscribers were last told. */
  names(): (string | null)[];
  /** The states that subscribers were told, each with its reason. */
  readonly states: string[];
  /** Waits until nothing moves, and returns the last request. */
  request(): Promise<Request>;
  settle(): Promise<void>;
  /** What the browser says of its network. */
  setOnline(isOnline: boolean): void;
  /** The page is hidden or shown. */
  changeVisibility(isVisible?: boolean): void;
  /** An event of the page's life, such as `pagehide`. */
  page(type: string): void;
  /** Nothing in this tab moves, but its network. */
  freeze(): void;
  thaw(): void;
  /** Lets the clock jump, as it does while a machine sleeps: no timer fires before the end. */
  sleep(ms: number): Promise<void>;
  /** Tells subscribers what has changed; done by itself unless the stage has frames. */
  frame(): void;
  readonly framesRequested: number;
}

export interface ClientStageOptions {
  readonly options?: { [Name in keyof FileEventsOptions]?: FileEventsOptions[Name] | undefined };
  /** Subscribers are told with the next {@linkcode ClientStage.frame} only. */
  readonly hasFrames?: boolean;
  readonly random?: () => number;
  /** Nobody subscribes. */
  readonly isIdle?: boolean;
  readonly isOnline?: boolean;
  /** Requests go on when they are aborted. */
  readonly ignoresAborts?: boolean;
  /** One for all tabs of a browser. */
  readonly clock?: FakeClock;
  /** Which tab this is; without one the browser has neither locks nor channels. */
  readonly tab?: FakeTab;
}

export function startClientStage(
  {
    options = {},
    hasFrames = false,
    random = () => 0,
    isIdle = false,
    isOnline: startsOnline = true,
    ignoresAborts = false,
    clock = new FakeClock(),
    tab,
  }: ClientStageOptions = {},
): ClientStage {
  const requests: Request[] = [];
  let isOnline = startsOnline;
  let isVisible = true;
  /** Timers that have come due in a frozen tab. */
  let due: (() => void)[] | undefined;
  let onEvent = (_event: { type: string }) => {};
  const frames: (() => void)[] = [];
  let framesRequested = 0;
  const environment: Environment = {
    now: () => clock.now(),
    after(ms, callback) {
      let isCancelled = false;
      const run = () => isCancelled || callback();
      const cancel = clock.after(ms, () => due ? due.push(run) : run());
      return () => {
        isCancelled = true;
        cancel();
      };
    },
    random,
    tabs: tab,
    isOnline: () => isOnline,
    isVisible: () => isVisible,
    watchPage(listener, signal) {
      onEvent = listener;
      signal.addEventListener("abort", () => onEvent = () => {});
    },
    schedule(run) {
      framesRequested++;
      if (hasFrames) frames.push(run);
      else queueMicrotask(run);
    },
    fetch(input, init) {
      const request = new Request(String(input), init!, ignoresAborts);
      requests.push(request);
      return request.answer;
    },
  };
  const files = createFileEvents({
    url: "https://project.example",
    key: "publishable",
    getToken: () => TOKEN,
    ...options,
  } as FileEventsOptions, environment);
  const states: string[] = [];
  if (!isIdle) {
    files.connection.subscribe(({ state, reason }) => {
      states.push(reason ? `${state} (${reason})` : state);
    });
  }
  return {
    clock,
    files,
    requests,
    states,
    names: () => files.value.map(({ filename }) => filename),
    settle,
    async request() {
      await settle();
      return requests.at(-1)!;
    },
    setOnline(next) {
      isOnline = next;
      onEvent({ type: next ? "online" : "offline" });
    },
    changeVisibility(next = true) {
      isVisible = next;
      onEvent({ type: "visibilitychange" });
    },
    page: (type) => onEvent({ type }),
    freeze() {
      tab!.freeze();
      due = [];
    },
    thaw() {
      const timers = due!;
      due = undefined;
      tab!.thaw();
      for (const run of timers) run();
    },
    async sleep(ms) {
      clock.jump(ms);
      await clock.advance(0);
    },
    frame() {
      for (const run of frames.splice(0)) run();
    },
    get framesRequested() {
      return framesRequested;
    },
    [Symbol.dispose]: files.close,
  };
}

export const TOKEN: string = unsignedToken({ sub: "ada", exp: 1 });

/** A file of which only these fields matter. */
export function exampleFile(id: string, fields: Partial<FileState> = {}): FileState {
  return {
    id,
    filename: `${id}.txt`,
    file_type: "text/plain",
    status: "processing",
    progress: 0,
    processing_stage: null,
    error_message: null,
    created_at: null,
    revision: 1,
    ...fields,
  };
}
