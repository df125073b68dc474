import { settle } from "../../support/fake_clock.ts";
import type { FakeTabs } from "../../support/fake_tabs.ts";
import { type ClientStep, SESSION_STEPS } from "../client_step.ts";
import { SeamClient, type SeamClientOptions } from "../seam_client.ts";
import { TabInUse } from "../tab_in_use.ts";
import type { TabStep } from "./tab_step.ts";

/** What can happen to a frozen tab. It learns of it when it is thawed. */
const WHILE_FROZEN = new Set<string>(
  [
    ...SESSION_STEPS,
    "thaw",
    "crash",
    "break",
  ] satisfies TabStep["do"][],
);

type SeamTabOptions = Omit<SeamClientOptions, "tab" | "fileIds" | "isPatient">;

/** A tab, and the client in it. */
export class SeamTab {
  readonly client: SeamClient;
  readonly #tab: TabInUse;
  /** The event that the page is told when it is back, if it was told that it goes. */
  #back: "resume" | "pageshow" | undefined;

  /** It was not sent what others have said, and may not have noticed that. */
  mayLack = false;
  /** It is sent no messages. */
  #isDeaf = false;

  constructor(browser: FakeTabs, options: SeamTabOptions) {
    this.#tab = new TabInUse(browser);
    this.client = new SeamClient({ ...options, tab: this.#tab, fileIds: null, isPatient: true });
  }

  get isFrozen(): boolean {
    return this.client.isAsleep;
  }

  get isLeading(): boolean {
    return this.client.requests > 0;
  }

  /** Whether it waits for the lead. */
  async isInGroup(): Promise<boolean> {
    return (await this.#tab.names()).length === 2;
  }

  /** How often the client has taken the lead from another tab. */
  get steals(): number {
    return this.#tab.steals;
  }

  async take(step: TabStep): Promise<void> {
    const { client } = this;
    if (this.isFrozen && !WHILE_FROZEN.has(step.do)) return;
    switch (step.do) {
      case "open":
      case "close":
      case "crash":
        return;
      case "freeze":
        if (step.event) await this.#leave(step.event);
        this.#freeze();
        this.#isDeaf = step.isDeaf;
        if (step.isDeaf) this.#tab.cutChannels();
        this.mayLack ||= step.isDeaf;
        if (step.isCut) await client.take({ do: "break" });
        return;
      case "freeze at the next look":
        // The answer comes in a later microtask.
        this.#tab.onLook = () => queueMicrotask(() => this.#freeze());
        return;
      case "thaw":
        return await this.thaw(step.first);
      case "tell":
        return client.tellPage(step.event);
      case "reconnect":
        return client.files.reconnect();
      default:
        return await client.take(step as ClientStep);
    }
  }

  /** Everything works from now on, but a frozen tab stays as it is. */
  heal(): void {
    const { client } = this;
    if (this.isFrozen) return;
    this.#tab.onLook = () => {};
    client.heal();
  }

  async thaw(first: "messages" | "timers" = "timers"): Promise<void> {
    if (!this.isFrozen) return;
    if (this.#isDeaf) this.#tab.openChannels();
    this.#isDeaf = false;
    await this.client.wake(first, this.#back);
    this.#back = undefined;
  }

  async crash(): Promise<void> {
    this.#freeze();
    await this.client.take({ do: "break" });
    this.#tab.crash();
  }

  /** All is quiet. */
  async check(): Promise<void> {
    const { client, client: { session } } = this;
    if (this.isFrozen) return;
    client.check();
    const names = await this.#tab.names();
    const isOwn = (name: string) => name.includes(` ${session.user} `);
    if (!names.every(isOwn)) throw new Error(`The client has broken in: ${names}`);
    if (names.length > 2) throw new Error(`The client has more than it needs: ${names}`);
  }

  /** @throws {Error} If the client leaves anything behind. */
  async close(settle: () => Promise<void>): Promise<void> {
    this.client.close();
    await settle();
    const leftovers = await this.client.countLeftovers();
    if (leftovers > 0) throw new Error(`The client has left ${leftovers} things over`);
  }

  #freeze(): void {
    this.#tab.onLook = () => {};
    if (!this.isFrozen) this.client.fallAsleep();
  }

  /** The page is told that it goes. */
  async #leave(event: "freeze" | "pagehide"): Promise<void> {
    const { client } = this;
    client.tellPage(event);
    this.#back = event === "freeze" ? "resume" : "pageshow";
    await settle();
    const names = await this.#tab.names();
    if (client.requests > 0 || names.length > 0) {
      throw new Error(`The client has not let go of ${client.requests} requests, ${names}`);
    }
  }
}
