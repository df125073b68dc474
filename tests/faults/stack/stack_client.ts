import { createFileEvents } from "../../../client/create_file_events.ts";
import type { FileEvents } from "../../../client/file_events.ts";
import type { SupabaseClientLike } from "../../../client/options.ts";
import { webEnvironment } from "../../../client/web_environment.ts";
import { ProtocolChecker } from "../../support/protocol_checker.ts";
import type { Target } from "../../support/target.ts";
import { FaultyNetwork } from "../faulty_network.ts";
import { FileConsumers } from "../file_consumers.ts";
import { ShownFiles } from "../shown_files.ts";

/** How long an impatient user waits before each new attempt. */
const RETRY_MS = 30;
/** Between two events that a slow consumer takes, and until all consumers have settled. */
const PAUSE_MS = 20;

export interface StackClientOptions {
  readonly target: Target;
  readonly token: string;
  /** All ids that the user's files may have. */
  readonly ids: readonly string[];
  /** Whether it waits before it connects again. */
  readonly isPatient: boolean;
}

/** The client over HTTP, whose network goes away, stalls and comes back as it is told. */
export class StackClient implements Disposable {
  readonly files: FileEvents;
  /** Answers that a client would not understand. */
  readonly refusals: string[] = [];
  connections = 0;
  /** Connections that ended with a `closing`. */
  closings = 0;
  readonly #network = new FaultyNetwork();
  readonly #checker = new ProtocolChecker();
  readonly #shown: ShownFiles;
  readonly #consumers: FileConsumers;
  #onPage = (_: { readonly type: string }) => {};
  readonly #impatience: ReturnType<typeof setInterval> | undefined;

  constructor({ target: { url, publishableKey }, token, ids, isPatient }: StackClientOptions) {
    this.files = createFileEvents({
      url,
      key: publishableKey,
      supabase: signedIn(token),
      onEvent: (event, id) => {
        this.#checker.receive(event, id);
        this.#shown.receive(event);
        if (event.eventType === "closing") this.closings++;
      },
    }, {
      ...webEnvironment(this.#network.carry((url, init) => this.#fetch(url, init))),
      isOnline: () => this.#network.isOnline,
      watchPage: (onChange) => this.#onPage = onChange,
    });
    const isOwn = () => true;
    this.#shown = new ShownFiles(this.files, isOwn);
    this.#consumers = new FileConsumers({
      files: this.files,
      ids,
      user: () => token,
      isOwn,
      pause: () => pass(PAUSE_MS),
    });
    this.#shown.subscribe();
    this.#consumers.start();
    if (!isPatient) this.#impatience = setInterval(() => this.#hurry(), RETRY_MS);
  }

  break(): void {
    this.#network.break();
  }

  breakAfter(bytes: number): void {
    this.#network.breakAfter(bytes);
  }

  goOffline(): void {
    this.#network.goOffline();
    this.#onPage({ type: "offline" });
  }

  goOnline(): void {
    this.#network.goOnline();
    this.#onPage({ type: "online" });
  }

  stall(): void {
    this.#network.stall();
  }

  readOn(): void {
    this.#network.read(Infinity);
  }

  /** Stays online from now on, and reads all. */
  heal(): void {
    this.#network.heal();
    this.#onPage({ type: "online" });
  }

  /**
   * The files have not changed for a while.
   *
   * @throws {Error} If the stream or the client has done what neither may ever do.
   */
  async check(): Promise<void> {
    await this.#consumers.check(() => pass(PAUSE_MS));
    this.#shown.check();
    const ofStream = this.#checker.violations;
    if (ofStream.length > 0) throw new Error(`The stream broke its protocol: ${ofStream}`);
    const ofClient = [...this.#shown.violations, ...this.#consumers.violations];
    if (ofClient.length > 0) throw new Error(`The client broke its promises: ${ofClient}`);
    if (this.refusals.length > 0) throw new Error(`The client was refused: ${this.refusals}`);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#impatience);
    this.files.close();
    this.#consumers.stop();
  }

  #hurry(): void {
    if (this.#network.isOnline && this.#network.requests === 0) this.files.reconnect();
  }

  async #fetch(...[url, init]: Parameters<typeof fetch>): Promise<Response> {
    const response = await fetch(url, init);
    if (response.status === 200) {
      const lastEventId = new Headers(init!.headers).get("last-event-id") || null;
      this.#checker.connect(lastEventId);
      this.#shown.connect(lastEventId !== null);
      this.connections++;
      return response;
    }
    const text = await response.text();
    if (response.status !== 503) this.refusals.push(`${response.status} ${text}`);
    return new Response(text, response);
  }
}

/** What the client uses of supabase-js. With `getToken`, `reconnect()` would drop the files. */
function signedIn(token: string): SupabaseClientLike {
  const result = { data: { session: { access_token: token } }, error: null };
  return {
    auth: {
      getSession: () => Promise.resolve(result),
      refreshSession: () => Promise.resolve(result),
      onAuthStateChange: () => ({ data: { subscription: { unsubscribe: () => {} } } }),
    },
  };
}

function pass(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
