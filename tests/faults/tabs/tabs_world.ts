import type { createFileEvents } from "../../../client/create_file_events.ts";
import { FakeTabs } from "../../support/fake_tabs.ts";
import { compareWithDatabase } from "../compare_with_database.ts";
import { FaultyGateway } from "../faulty_gateway.ts";
import type { OnCommit } from "../file_database.ts";
import { ModelDatabase, type ModelWrite } from "../seam/model_database.ts";
import { SeamSession } from "../seam_session.ts";
import { SeamStreams } from "../seam_streams.ts";
import { SeamTab } from "./seam_tab.ts";
import { TABS, type TabStep } from "./tab_step.ts";
import type { TabsSchedule, TabsStep } from "./tabs_schedule.ts";

/** Longer than what the design promises, and than tabs wait for a leader while nobody looks. */
const QUIET_MS = 180_000;
/** How long a client polls before it tries a stream again, and until that is live. */
const POLLING_MS = 660_000;
/** Until a tab asks its leader again. */
const QUESTION_MS = 5_000;
/** Longer than a frame. */
const FRAME_MS = 20;

/** The tabs of one browser, at the ends of real streams. */
export class TabsWorld {
  readonly streams: SeamStreams<ModelWrite>;
  readonly #sessions: readonly SeamSession[];
  /** By number: the tabs that are neither closed nor crashed. */
  readonly #tabs = new Map<number, SeamTab>();
  readonly #open: (number: number) => void;
  /** How far the browser's clock is ahead, in milliseconds. */
  #clockError = 0;
  /** How often a client has taken the lead from another tab. */
  #steals = 0;

  constructor(
    { opened, hasOwnSessions, auth, live, maxFiles }: Omit<TabsSchedule, "steps">,
    create?: typeof createFileEvents,
  ) {
    const database = (onCommit: OnCommit) => new ModelDatabase({ onCommit });
    const streams = this.streams = new SeamStreams({ database, live, maxFiles });
    const shared = new SeamSession(streams.clock);
    const sessions = this.#sessions = Array.from(
      { length: TABS },
      () => hasOwnSessions ? new SeamSession(streams.clock) : shared,
    );
    const browser = new FakeTabs();
    const gateway = new FaultyGateway();
    let seed = 0;
    this.#open = (number) => {
      const tab = new SeamTab(browser, {
        streams,
        session: sessions[number]!,
        auth,
        gateway,
        getClockError: () => this.#clockError,
        // Tabs must not draw the same numbers.
        seed: ++seed,
        ...(create && { create }),
      });
      this.#tabs.set(number, tab);
    };
    for (let number = 0; number < opened; number++) this.#open(number);
  }

  get steals(): number {
    return this.#steals + this.#living.reduce((sum, { steals }) => sum + steals, 0);
  }

  async run(steps: readonly TabsStep[]): Promise<void> {
    await this.streams.settle();
    for (const step of steps) {
      await this.#take(step);
      await this.streams.settle();
      for (const tab of this.#living) await tab.check();
      if (step.do === "wait" && step.ms >= FRAME_MS) await this.#compareTabs(step.ms);
    }
  }

  /** Whatever the leader has, the others have been told, and show it with their next frame. */
  async #compareTabs(waitedMs: number): Promise<void> {
    let difference = await this.#findDifference(waitedMs);
    // Something may have come since the last frame of a tab.
    for (let frame = 0; difference && frame < 5; frame++) {
      await this.streams.clock.advance(FRAME_MS);
      difference = await this.#findDifference(waitedMs);
    }
    if (difference) throw new Error(difference);
  }

  async #findDifference(waitedMs: number): Promise<string | undefined> {
    const shown = new Map<string, string>();
    const leaders = new Set(
      this.#living.filter((tab) => tab.isLeading && !tab.isFrozen).map((tab) => tab.client)
        .filter(({ files }) => files.connection.value.state === "live")
        .map(({ session }) => session.user),
    );
    for (const tab of this.#living) {
      const { isFrozen, client: { files, session } } = tab;
      if (isFrozen) continue;
      // It has asked its leader meanwhile.
      if (waitedMs > QUESTION_MS) tab.mayLack = false;
      if (tab.mayLack) continue;
      if (files.connection.value.state !== "live") {
        // Who waits for a token does not listen to the leader. A lost question is asked again.
        const isDue = session.fate === "given" && waitedMs > QUESTION_MS;
        if (isDue && leaders.has(session.user) && await tab.isInGroup()) {
          return "The client is not live, and its leader is";
        }
        continue;
      }
      const list = JSON.stringify(files.value);
      const other = shown.get(session.user) ?? list;
      if (list !== other) return `The client has ${list}\nin another tab ${other}`;
      shown.set(session.user, list);
    }
  }

  /**
   * Heals everything but the frozen tabs, waits, and compares; then thaws them and compares all; then
   * commits what is open and does so again.
   */
  async agree(): Promise<void> {
    this.streams.heal();
    await this.#compare();
    for (const tab of this.#living) await tab.thaw();
    await this.#compare();
    this.streams.database.commitAll();
    await this.#compare();
  }

  async close(): Promise<void> {
    for (const number of [...this.#tabs.keys()]) await this.#close(number);
    const { clock, feed } = this.streams;
    // A subscription goes on for so long after its last poll.
    await clock.advance(30_000);
    const { size } = feed;
    if (size > 0) throw new Error(`${size} subscriptions are left over`);
  }

  get #living(): SeamTab[] {
    return [...this.#tabs.values()];
  }

  async #take(step: TabsStep): Promise<void> {
    if ("tab" in step) await this.#takeInTab(step);
    else if (step.do === "set the clock") this.#clockError = step.ms;
    else if (step.do === "settle") await this.agree();
    else await this.streams.take(step, this.#sessions[0]!.user);
  }

  async #takeInTab(step: TabStep): Promise<void> {
    const tab = this.#tabs.get(step.tab);
    if (!tab) {
      if (step.do === "open") this.#open(step.tab);
    } else if (step.do === "close" && !tab.isFrozen) {
      await this.#close(step.tab);
    } else if (step.do === "crash") {
      this.#forget(step.tab);
      await tab.crash();
    } else {
      await tab.take(step);
      const { session } = tab.client;
      if (step.do !== "sign in as" && step.do !== "sign out") return;
      for (const other of this.#living) {
        if (other !== tab && other.client.session === session) other.client.tellSession();
      }
    }
  }

  async #close(number: number): Promise<void> {
    const tab = this.#tabs.get(number)!;
    this.#forget(number);
    if (tab.isFrozen) await tab.crash();
    else await tab.close(() => this.streams.settle());
  }

  #forget(number: number): void {
    this.#steals += this.#tabs.get(number)!.steals;
    this.#tabs.delete(number);
  }

  async #compare(): Promise<void> {
    const signedOut = this.#living.filter(({ client }) => !client.session.isAccepted);
    for (const tab of this.#living) tab.heal();
    for (const { client } of signedOut) client.tellSession();
    const { clock } = this.streams;
    await clock.advance(QUIET_MS);
    // Refusals of old tokens may have come after all was healed.
    const late = this.#living.filter(({ client: { files } }) =>
      files.connection.value.state === "signed-out"
    );
    for (const tab of late) tab.heal();
    if (late.length > 0) await clock.advance(QUIET_MS);
    if (this.#living.some(({ client }) => client.files.transport === "polling")) {
      await clock.advance(POLLING_MS);
    }
    const awake = this.#living.filter((tab) => !tab.isFrozen);
    const users = new Set<string>();
    for (const { client } of awake) {
      await compareWithDatabase(client, this.streams.database);
      if (client.requests === 0) continue;
      const { user } = client.session;
      if (client.requests > 1 || users.has(user)) {
        throw new Error("The client has more than one stream");
      }
      users.add(user);
    }
  }
}
