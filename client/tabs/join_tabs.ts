import type { Channel, Tabs } from "../environment.ts";
import type { FileEvent } from "../protocol.ts";
import type { Replica } from "../store/replica.ts";

/** What a leader says of its connection with each message. */
export interface Report {
  /** A state of `client/SPEC.md`. */
  readonly phase: string;
  readonly reason: string;
  /** As of the connection. */
  readonly pollUntil: number;
}

/** Which message a tab has sent or applied last. */
interface Place {
  /** Which leader's. Each new one has a higher generation than those before. */
  readonly generation: number;
  /** The first message of a leader is 1. */
  readonly number: number;
}

/** A message of the leader. Files and the id that covers them are never apart. */
export interface News extends Report, Place {
  /** What has come since the message before. */
  readonly events: readonly FileEvent[];
  /** All that the leader knows, if somebody has asked. */
  readonly whole: readonly FileEvent[] | false;
  /** The id that covers the one and the other. */
  readonly cursor: string;
  readonly isShown?: never;
}

/** A message of a tab that follows: it asks for a sign of life, and for all that it lacks. */
interface Ping extends Place {
  readonly isShown: boolean | undefined;
  readonly phase?: never;
}

export interface TabsHandler {
  /** This tab leads from now on. `isLate`: another has led before. */
  readonly onLead: (isLate: boolean) => void;
  /** Another tab has taken the lead; or there are no locks here, if this one has not led. */
  readonly onLost: (hasLed: boolean) => void;
  /** The leader lives. `events` follow what the replica has. It may have been exchanged, too. */
  readonly onNews: (news: News, events: readonly FileEvent[]) => void;
  /** The user looks at a tab that follows. */
  readonly onShown: () => void;
  readonly report: () => Report;
}

/** The tabs that show the same files of the same user. One of them leads: it alone has a stream. */
export interface TabGroup {
  readonly isLeading: boolean;
  /** A ping has not been answered. */
  readonly isPinged: boolean;
  /** As leader: tells the others of an event, or of a new state. */
  readonly tell: (event?: FileEvent) => void;
  readonly ping: (isShown?: boolean) => void;
  readonly leave: () => void;
}

/**
 * @param name Of the lock that the leader holds, and of the channel.
 * @param isStealing Take the lead, though another tab has it.
 */
export function joinTabs(
  name: string,
  { locks, openChannel }: Tabs,
  replica: Replica,
  now: () => number,
  { onLead, onLost, onNews, onShown, report }: TabsHandler,
  isStealing: boolean,
): TabGroup {
  const left = new AbortController();
  const { signal } = left;
  let channel: Channel;
  /** This tab, as the locks call it. */
  let self: string | undefined;
  let isLate = false;
  /** The highest generation that was heard of. */
  let newest = 0;
  let place: Place = { generation: 0, number: 0 };
  /** What the others have not been told. */
  let events: FileEvent[] = [];
  /** One of the others lacks something. */
  let isAsked = false;
  let isTelling = false;

  const holder = async () => {
    const { held } = await locks.query();
    return held?.find((lock) => lock.name === name)?.clientId;
  };

  const lead = async (lock: unknown) => {
    if (!lock) return;
    self = await holder();
    if (signal.aborted) return;
    group.isLeading = true;
    place = { generation: Math.max(newest + 1, now()), number: 0 };
    onLead(isLate);
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  };

  const onMessage = ({ data }: { data: News | Ping }) => {
    const { generation, number, phase } = data;
    if (group.isLeading && !phase) {
      isAsked ||= generation !== place.generation || number !== place.number;
      if (data.isShown) onShown();
      group.tell();
    } else if (!group.isLeading && phase && generation >= newest) {
      newest = generation;
      group.isPinged = false;
      const isNext = generation === place.generation && number === place.number + 1;
      // A leader that has no list yet, or an old one, must not take the list from this tab.
      const isWanted = phase === "live" || !replica.isLoaded;
      if (isNext || isWanted && data.whole) place = { generation, number };
      else if (isWanted) group.ping();
      if (!isNext && isWanted && data.whole) {
        for (const event of data.whole) replica.apply(event, data.cursor);
      }
      onNews(data, isNext ? data.events : []);
    }
  };

  const group = {
    isLeading: false,
    isPinged: false,
    async tell(event?: FileEvent) {
      if (!group.isLeading) return;
      if (event) events.push(event);
      // What comes meanwhile is told together.
      if (isTelling) return;
      isTelling = true;
      // A tab that was frozen has perhaps lost the lock, and was not told yet.
      const isHolder = await holder() === self;
      isTelling = false;
      if (signal.aborted || !isHolder) return;
      place = { ...place, number: place.number + 1 };
      const whole = isAsked && replica.state();
      channel.postMessage({ ...report(), ...place, events, whole, cursor: replica.cursor });
      events = [];
      isAsked = false;
    },
    ping(isShown?: boolean) {
      group.isPinged = true;
      channel.postMessage({ ...place, isShown });
    },
    leave() {
      left.abort();
      channel?.close();
    },
  };

  (async () => {
    try {
      channel = openChannel(name);
      channel.onmessage = onMessage;
      await locks.request(name, isStealing ? { steal: true } : { ifAvailable: true }, lead);
      if (signal.aborted) return;
      isLate = true;
      group.ping();
      await locks.request(name, { signal }, lead);
    } catch {
      if (!signal.aborted) onLost(group.isLeading);
    }
  })();
  return group;
}
