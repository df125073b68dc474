import { createFileEvents } from "../../client/create_file_events.ts";
import type { FileEvents } from "../../client/file_events.ts";
import type { SupabaseClientLike } from "../../client/options.ts";
import { settle } from "../support/fake_clock.ts";
import { ProtocolChecker } from "../support/protocol_checker.ts";
import { seededRandom } from "../support/seeded_random.ts";
import { answerAtSeam } from "./answer_at_seam.ts";
import type { ClientStep } from "./client_step.ts";
import { FaultyGateway } from "./faulty_gateway.ts";
import { FaultyNetwork } from "./faulty_network.ts";
import { FileConsumers } from "./file_consumers.ts";
import { SeamSession } from "./seam_session.ts";
import type { SeamStreams } from "./seam_streams.ts";
import { ShownFiles } from "./shown_files.ts";
import { SleepyClock } from "./sleepy_clock.ts";
import { type Auth, FILE_IDS } from "./step.ts";
import type { TabInUse } from "./tab_in_use.ts";

const FRAME_MS = 16;
/** Between two events that a slow consumer takes. */
const SLOW_MS = 100;

export interface SeamClientOptions {
  readonly streams: Pick<SeamStreams<unknown>, "open" | "clock" | "isOwn">;
  readonly fileIds: readonly string[] | null;
  readonly auth: Auth;
  /** Whether it waits before it connects again. */
  readonly isPatient: boolean;
  /** The one of all clients that share a session; its own by default. */
  readonly session?: SeamSession;
  /** Which tab of a browser this is; none by default. */
  readonly tab?: TabInUse;
  /** The one of all tabs; its own by default. */
  readonly gateway?: FaultyGateway;
  /** How far the machine's clock is ahead, in milliseconds; not at all by default. */
  readonly getClockError?: () => number;
  /** Of the random numbers. */
  readonly seed?: number;
  /** Stands in for the client. */
  readonly create?: typeof createFileEvents;
}

/** The client, and all that surrounds it: its user, its page, its machine and its network. */
export class SeamClient {
  readonly files: FileEvents;
  readonly session: SeamSession;
  fileIds: readonly string[] | null;
  /** Called when a stream begins. */
  onConnect = () => {};
  /** Called when `ready` has been applied. */
  onReady = () => {};
  /** How many polls the function has been sent. */
  polls = 0;
  readonly #options: SeamClientOptions;
  readonly #network = new FaultyNetwork();
  readonly #gateway: FaultyGateway;
  readonly #checker = new ProtocolChecker();
  readonly #clock: SleepyClock;
  readonly #shown: ShownFiles;
  readonly #consumers: FileConsumers;
  /** Timers of the client that are neither due nor cancelled. */
  #timers = 0;
  /** What the client would hear from its page if it were not asleep. */
  #unheard: (() => void)[] | undefined;
  #isVisible = true;
  #onPage = (_: { readonly type: string }) => {};
  /** Ends all subscriptions, if there are any. */
  #leave: (() => void) | undefined;

  constructor(options: SeamClientOptions) {
    const { streams: { clock, isOwn }, tab, seed = 2, create = createFileEvents } = options;
    const { getClockError = () => 0 } = options;
    this.#options = options;
    this.#gateway = options.gateway ?? new FaultyGateway();
    this.fileIds = options.fileIds;
    const session = this.session = options.session ?? new SeamSession(clock);
    this.#clock = new SleepyClock(clock);
    const { getToken, supabase: { auth } } = session;
    const supabase: SupabaseClientLike = {
      auth: {
        ...auth,
        onAuthStateChange: (callback) =>
          auth.onAuthStateChange((...change) => this.#hear(() => callback(...change))),
      },
    };
    const random = seededRandom(seed);
    const files = this.files = create({
      url: "https://project.example",
      key: "publishable",
      ...(options.auth === "supabase" ? { supabase } : { getToken }),
      onEvent: (event, id) => {
        // Another tab has the stream. It has told of the event, and this one checks streams only.
        if (!tab?.isDelivering) this.#checker.receive(event, id);
        this.#shown.receive(event);
        // The client applies it when this returns.
        if (event.eventType === "ready") queueMicrotask(() => this.onReady());
      },
    }, {
      now: () => this.#clock.now() + getClockError(),
      after: (ms, callback) => this.#after(ms, callback),
      random,
      fetch: this.#network.carry(
        this.#gateway.carry((url, init) => this.#answer(new Request(url, init))),
      ),
      isOnline: () => this.#network.isOnline,
      isVisible: () => this.#isVisible,
      tabs: tab,
      watchPage: (onChange) => this.#onPage = onChange,
      schedule: (run) => {
        if (this.#isVisible) this.#clock.after(FRAME_MS, run);
        else queueMicrotask(run);
      },
    });
    this.#shown = new ShownFiles(
      files,
      (file) => isOwn(file, session.user),
      () => this.#gateway.hasGarbled,
    );
    this.#consumers = new FileConsumers({
      files,
      ids: FILE_IDS,
      user: () => session.user,
      isOwn,
      pause: () => new Promise((resolve) => void this.#clock.after(SLOW_MS, resolve)),
    });
    if (tab) tab.onWhole = () => this.#shown.exchange();
    this.#return();
  }

  /** What the client has not given back: requests, timers, locks and channels. */
  async countLeftovers(): Promise<number> {
    const names = await this.#options.tab?.names() ?? [];
    return this.#network.requests + this.#timers + names.length;
  }

  /** Requests whose answers have not ended. */
  get requests(): number {
    return this.#network.requests;
  }

  async take(step: ClientStep): Promise<void> {
    await (this.#handlers[step.do] as (step: ClientStep) => unknown)(step);
  }

  /** An impatient user does not wait for the next attempt. */
  hurry(): void {
    if (this.#options.isPatient || !this.#leave) return;
    const { state, transport } = this.files.connection.value;
    // It has no request between two polls.
    if (transport === "polling") return;
    if (state === "signed-out" || !this.#network.isOnline || this.#network.requests > 0) return;
    this.files.reconnect();
  }

  /** Whether streams are held back on their way. */
  get isBuffered(): boolean {
    return this.#gateway.isBuffering;
  }

  /**
   * Everything works from now on, and somebody is signed in. A word of the page ends a wait.
   *
   * @param isBuffered Streams are held back, as they are.
   */
  heal({ isBuffered = false } = {}): void {
    const { session } = this;
    session.fate = "given";
    this.#gateway.heal({ isBuffered });
    const event = this.#network.isOnline ? "visibilitychange" : "online";
    this.#network.heal();
    this.tellPage(event);
    // What a signed-out client waits for: another token, or a word of the app.
    if (!session.isAccepted || this.files.connection.value.state === "signed-out") {
      this.#signIn(session.user, session.rights);
    }
    this.#return();
  }

  /** All is quiet after a step. */
  check(): void {
    if (this.#leave) this.#shown.check();
  }

  /** All is quiet, and everything has worked for long. */
  async checkConsumers(): Promise<void> {
    await this.#consumers.check(settle);
  }

  /** @throws {Error} If the stream or the client has done what neither may ever do. */
  assertNoViolations(): void {
    const ofStream = this.#checker.violations;
    if (ofStream.length > 0) throw new Error(`The stream broke its protocol: ${ofStream}`);
    const ofClient = [...this.#shown.violations, ...this.#consumers.violations];
    if (ofClient.length > 0) throw new Error(`The client broke its promises: ${ofClient}`);
  }

  /** The stream has sent less than it should. */
  addViolation(violation: string): void {
    this.#checker.violations.push(violation);
  }

  close(): void {
    this.files.close();
    this.#consumers.stop();
  }

  /** By what a step does: how. */
  readonly #handlers: { [Do in ClientStep["do"]]: (step: ClientStep & { do: Do }) => unknown } = {
    "break": () => this.#network.break(),
    "break after": ({ bytes }) => this.#network.breakAfter(bytes),
    "go offline": () => {
      this.#network.goOffline();
      this.tellPage("offline");
    },
    "go online": () => {
      this.#network.goOnline();
      this.tellPage("online");
    },
    "stall": () => this.#network.stall(),
    "read": ({ messages }) => this.#network.read(messages),
    "filter": ({ fileIds }) => {
      this.fileIds = fileIds;
      this.#network.break();
    },
    "sign in": ({ rights }) => {
      this.#signIn(this.session.user, rights);
      this.#network.break();
    },
    "sign in as": ({ user }) => {
      const { session } = this;
      // A client keeps the stream of its user, and with it the rights.
      this.#signIn(user, user === session.user ? session.rights : "aal1");
    },
    "sign out": () => {
      this.session.signOut();
      this.tellSession();
    },
    "expire the token": () => this.session.expire(),
    "refuse all tokens": () => this.session.refuseAll(),
    "renew the token": ({ ms }) => this.session.renew(ms),
    "tokens": ({ fate }) => void (this.session.fate = fate),
    "buffer": ({ passing }) => this.#gateway.buffer(passing ?? undefined),
    "requests": ({ next }) => this.#gateway.decide(next),
    "sleep": async ({ ms }) => {
      if (this.isAsleep) return;
      this.fallAsleep();
      await this.#options.streams.clock.advance(ms);
      await this.wake("timers");
    },
    "hide": () => this.#setVisible(false),
    "show": () => this.#setVisible(true),
    "leave": () => this.#leave?.(),
    "return": () => this.#return(),
  };

  #signIn(user: string, rights: SeamSession["rights"]): void {
    this.session.signIn(user, rights);
    this.tellSession();
  }

  /** An app with `getToken` tells the client of a sign-in or sign-out itself. */
  tellSession(): void {
    if (this.#options.auth === "getToken") this.#hear(() => this.files.reconnect());
  }

  #setVisible(isVisible: boolean): void {
    this.#isVisible = isVisible;
    this.tellPage("visibilitychange");
  }

  /** An event of the page's life. */
  tellPage(type: string): void {
    this.#onPage({ type });
  }

  get isAsleep(): boolean {
    return this.#unheard !== undefined;
  }

  /** Neither a byte nor a timer nor a word of the page reaches the client. */
  fallAsleep(): void {
    this.#unheard = [];
    this.#network.pause();
    this.#clock.fallAsleep();
    this.#options.tab?.freeze();
  }

  /**
   * @param first What reaches the client before the other: what other tabs have sent, or timers.
   * @param event What the page is told of it.
   */
  async wake(first: "messages" | "timers", event?: string): Promise<void> {
    const { tab } = this.#options;
    const unheard = this.#unheard!;
    this.#unheard = undefined;
    // A client with `getToken` can't know who has signed in before it has a token.
    if (unheard.length > 0) this.session.fate = "given";
    for (const hear of unheard) hear();
    if (event) this.tellPage(event);
    await settle();
    tab?.thaw();
    if (first === "messages") await settle();
    // It may have fallen asleep again.
    if (this.isAsleep) return;
    this.#clock.wake();
    this.#network.resume();
  }

  #hear(run: () => void): void {
    if (this.#unheard) this.#unheard.push(run);
    else run();
  }

  #after(ms: number, callback: () => void): () => void {
    let isPending = true;
    this.#timers++;
    const end = () => {
      if (isPending) this.#timers--;
      isPending = false;
    };
    const cancel = this.#clock.after(ms, () => {
      end();
      callback();
    });
    return () => {
      end();
      cancel();
    };
  }

  #return(): void {
    if (this.#leave) return;
    const unsubscribe = this.#shown.subscribe();
    this.#consumers.start();
    this.#leave = () => {
      unsubscribe();
      this.#consumers.stop();
      this.#leave = undefined;
    };
  }

  async #answer(request: Request): Promise<Response> {
    // A client keeps its filter. Here its requests have another one, as if it did not.
    const { session, fileIds } = this;
    const { open, clock } = this.#options.streams;
    return await answerAtSeam(request, {
      open,
      judge: (token) => session.judge(token),
      fileIds,
      clock,
      onConnect: (lastEventId, isPoll) => {
        if (isPoll) this.polls++;
        this.#checker.connect(lastEventId, { isPoll });
        this.#shown.connect(lastEventId !== null);
        this.onConnect();
      },
    });
  }
}
