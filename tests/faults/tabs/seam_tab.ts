import { settle } from "../../support/fake_clock.ts";
import type { FakeTabs } from "../../support/fake_tabs.ts";
import type { ClientStep } from "../client_step.ts";
import { SeamClient, type SeamClientOptions } from "../seam_client.ts";
import { TabInUse } from "../tab_in_use.ts";
import type { PageEvent, TabStep } from "./tab_step.ts";

/** What can happen to a frozen tab. It learns of it when it is thawed. */
const WHILE_FROZEN = new Set<string>(
  [
    "thaw",
    "crash",
    "break",
    "sign in as",
    "sign out",
    "expire the token",
    "refuse all tokens",
    "renew the token",
  ] satisfies TabStep["do"][],
);

type SeamTabOptions = Omit<SeamClientOptions, "tab" | "fileIds" | "isPatient">;

/** A tab, and the client in it. */
export class SeamTab {
  readonly client: SeamClient;
  readonly #tab: TabInUse;
  /** The event that a thawed page is told. */
  #return: PageEvent | undefined;
  /** The page was told that it goes, and not that it is back. */
  #isAway = false;

  constructor(browser: FakeTabs, options: SeamTabOptions) {
    this.#tab = new TabInUse(browser);
    this.client = new SeamClient({ ...options, tab: this.#tab, fileIds: null, isPatient: true });
  }

  get isFrozen(): boolean {
    return this.client.isAsleep;
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
        if (step.event) await this.#tell(step.event);
        if (step.event) this.#return = step.event === "freeze" ? "resume" : "pageshow";
        client.fallAsleep();
        if (step.isCut) await client.take({ do: "break" });
        return;
      case "thaw":
        return await this.thaw(step.first);
      case "tell":
        return await this.#tell(step.event);
      case "reconnect":
        return client.files.reconnect();
      default:
        return await client.take(step as ClientStep);
    }
  }

  /** Everything works from now on, but a frozen tab stays as it is. */
  async heal(): Promise<void> {
    const { client } = this;
    if (this.isFrozen) return;
    if (this.#isAway) await this.#tell("pageshow");
    client.heal();
  }

  async thaw(first: "messages" | "timers" = "timers"): Promise<void> {
    if (!this.isFrozen) return;
    await this.client.wake(first);
    if (this.#return) await this.#tell(this.#return);
    this.#return = undefined;
  }

  async crash(): Promise<void> {
    if (!this.isFrozen) this.client.fallAsleep();
    await this.client.take({ do: "break" });
    this.#tab.crash();
  }

  /** All is quiet. */
  async check(): Promise<void> {
    const { client, client: { session, files } } = this;
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

  async #tell(event: PageEvent): Promise<void> {
    const { client } = this;
    client.tellPage(event);
    this.#isAway = event === "freeze" || event === "pagehide";
    if (!this.#isAway) return;
    await settle();
    const names = await this.#tab.names();
    if (client.requests > 0 || names.length > 0) {
      throw new Error(`The client has not let go of ${client.requests} requests, ${names}`);
    }
  }
}
