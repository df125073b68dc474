import type { Tabs } from "../../client/environment.ts";
import type { FakeTab, FakeTabs } from "../support/fake_tabs.ts";

/** A tab of a browser, and what a client uses of it. */
export class TabInUse implements Tabs {
  /** A message of another tab is being delivered. */
  isDelivering = false;
  /** Messages of other tabs are lost. */
  isDeaf = false;
  /** Called before the client looks who holds a lock. */
  onLook = () => {};
  /** Called when another tab has sent all its files. */
  onWhole = () => {};
  /** How often the client has taken a lock from another tab. */
  steals = 0;
  readonly #tab: FakeTab;
  /** The names of the open channels. */
  readonly #channels: string[] = [];
  /** Another tab, which sees all locks and is never frozen. */
  readonly #observer: FakeTab;

  constructor(browser: FakeTabs) {
    this.#tab = browser.open();
    this.#observer = browser.open();
  }

  readonly locks: Tabs["locks"] = {
    query: () => {
      this.onLook();
      return this.#tab.locks.query();
    },
    request: (name, options, callback) => {
      if (options.steal) this.steals++;
      return this.#tab.locks.request(name, options, callback);
    },
  };

  readonly openChannel: Tabs["openChannel"] = (name) => {
    const channel = this.#tab.openChannel(name);
    this.#channels.push(name);
    let isOpen = true;
    const watched: ReturnType<Tabs["openChannel"]> = {
      onmessage: null,
      postMessage: (data) => channel.postMessage(data),
      close: () => {
        channel.close();
        if (isOpen) this.#channels.splice(this.#channels.indexOf(name), 1);
        isOpen = false;
      },
    };
    channel.onmessage = (message) => {
      if (this.isDeaf) return;
      this.isDelivering = true;
      watched.onmessage?.(message);
      this.isDelivering = false;
      if (message.data.whole) this.onWhole();
    };
    return watched;
  };

  /** The names of the open channels, and of the locks that are held or waited for. */
  async names(): Promise<string[]> {
    const { held, pending } = await this.#observer.locks.query();
    const locks = [...held, ...pending].filter((it) => it.clientId === this.#tab.clientId);
    return [...this.#channels, ...locks.map(({ name }) => name)];
  }

  freeze(): void {
    this.#tab.freeze();
  }

  thaw(): void {
    this.#tab.thaw();
  }

  crash(): void {
    this.#tab.crash();
  }
}
