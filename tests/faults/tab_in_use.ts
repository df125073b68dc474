import type { Channel, Tabs } from "../../client/environment.ts";
import type { FakeTab, FakeTabs } from "../support/fake_tabs.ts";

interface ChannelInUse {
  readonly name: string;
  /** It is sent nothing until {@linkcode open}. */
  readonly cut: () => void;
  readonly open: () => void;
}

/** A tab of a browser, and what a client uses of it. */
export class TabInUse implements Tabs {
  /** A message of another tab is being delivered. */
  isDelivering = false;
  /** Called before the client looks who holds a lock. */
  onLook = () => {};
  /** Called when another tab has sent all its files. */
  onWhole = () => {};
  /** How often the client has taken a lock from another tab. */
  steals = 0;
  readonly #tab: FakeTab;
  readonly #channels = new Set<ChannelInUse>();
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
    let channel: Channel;
    const open = () => {
      channel = this.#tab.openChannel(name);
      channel.onmessage = (message) => {
        this.isDelivering = true;
        watched.onmessage?.(message);
        this.isDelivering = false;
        if (message.data.whole) this.onWhole();
      };
    };
    const used = { name, open, cut: () => channel.close() };
    const watched: Channel = {
      onmessage: null,
      postMessage: (data) => channel.postMessage(data),
      close: () => {
        channel.close();
        this.#channels.delete(used);
      },
    };
    open();
    this.#channels.add(used);
    return watched;
  };

  /** The names of the open channels, and of the locks that are held or waited for. */
  async names(): Promise<string[]> {
    const { held, pending } = await this.#observer.locks.query();
    const locks = [...held, ...pending].filter((it) => it.clientId === this.#tab.clientId);
    return [...this.#channels, ...locks].map(({ name }) => name);
  }

  freeze(): void {
    this.#tab.freeze();
  }

  /** Until it is thawed the tab is sent nothing, as a page in a browser's back/forward cache. */
  cutChannels(): void {
    for (const channel of this.#channels) channel.cut();
  }

  openChannels(): void {
    for (const channel of this.#channels) channel.open();
  }

  thaw(): void {
    this.#tab.thaw();
  }

  crash(): void {
    this.#tab.crash();
  }
}
