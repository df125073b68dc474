import type { Channel, Environment, Tabs } from "../environment.ts";
import type { FileEvent } from "../protocol.ts";
import type { Replica } from "../store/replica.ts";

/** What a leader says of its connection with each message. */
export interface Report {
  /** A state of `client/SPEC.md`. */
  readonly phase: string;
  readonly reason: string;
  /** When its first poll was answered, in milliseconds since the Unix epoch; 0 while it has streams. */
  readonly pollingSince: number;
}

/** A message of the leader. Files and the id that covers them are never apart. */
export interface News extends Report {
  /** Which leader's. Each new one has a higher generation than those before. */
  readonly generation: number;
  /** How many messages of this leader came before. */
  readonly number: number;
  /** What has come since the message before. */
  readonly events: readonly FileEvent[];
  /** All that the leader knows, if somebody has asked. */
  readonly whole: readonly FileEvent[] | false;
  /** The id that covers the one and the other. */
  readonly cursor: string;
}

/**
 * What a tab that follows asks, together with the highest generation that it has heard of. Each
 * question is answered, to all tabs.
 * - `alive`: is the leader there?
 * - `all`: something is lacking
 * - `shown`: the page was shown or hidden, or is online again
 */
type Question = "alive" | "all" | "shown";

export interface TabsHandler {
  /** This tab leads from now on. */
  readonly onLead: () => void;
  /** Another tab has taken the lead; or, if there are none, this page may use no locks. */
  readonly onLost: (hasLocks: boolean) => void;
  /** The leader lives. Its events follow what the replica has, or are a state to restore. */
  readonly onNews: (news: News, events: readonly FileEvent[], isState: boolean) => void;
  /** A page that follows was shown or hidden, or is online again. */
  readonly onShown: () => void;
  readonly report: () => Report;
}

/** The tabs that show the same files of the same user. One of them leads: it alone has a stream. */
export interface TabGroup {
  readonly isLeading: boolean;
  /** A question has not been answered. */
  readonly isAsking: boolean;
  /** As leader: tells the others of an event, or that the connection is in another state. */
  readonly tell: (event?: FileEvent) => void;
  readonly ask: (question: Question) => void;
  readonly leave: () => void;
}

/** Until a tab repeats a question. */
const PATIENCE_MS = 1_000;

/**
 * Follows the tab that leads, or leads.
 *
 * @param name Of the lock that the leader holds, and of the channel.
 * @param isStealing Take the lead, though another tab has it.
 */
export function joinTabs(
  name: string,
  { locks, openChannel }: Tabs,
  replica: Replica,
  { now, random }: Environment,
  { onLead, onLost, onNews, onShown, report }: TabsHandler,
  isStealing: boolean,
): TabGroup {
  const left = new AbortController();
  const { signal } = left;
  let channel: Channel;
  /** This tab, as the locks call it. */
  let self: string | undefined;
  /** The highest generation that was heard of. */
  let newest = 0;
  /** Of the leader whose state the replica has. */
  let generation = 0;
  /** How many messages of this leader were sent, or have come. */
  let number = 0;
  /**
   * Not 0 while this tab lacks something: when it has asked the leader for all, by the clock.
   */
  let askedAt = now();
  /** What the others have not been told. */
  let events: FileEvent[] = [];
  /** Somebody lacks something. */
  let mustTellAll = false;
  let isTelling = false;

  /** Whose lock it is; `undefined` if it is nobody's, or if the browser does not answer. */
  const holder = async () => {
    const locked = await locks.query().catch(() => undefined);
    return locked?.held?.find((lock) => lock.name === name)?.clientId;
  };

  const lead = async () => {
    self = await holder();
    if (signal.aborted) return;
    group.isLeading = true;
    // The clock makes it higher than leaders of which this tab has not heard. The fraction tells two
    // tabs apart that begin to lead within a millisecond.
    generation = Math.max(newest + 1, now()) + random();
    number = 0;
    onLead();
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
  };

  const answer = (question: Question, heard: number) => {
    // There was a leader of which this tab has not heard.
    if (heard > generation) generation = heard + random() + 1;
    mustTellAll ||= question === "all";
    if (question === "shown") onShown();
    group.tell();
  };

  const receive = (news: News) => {
    // This leader was replaced, or it has not heard of the one before it: then the question tells it.
    if (news.generation < newest) return group.ask("alive");
    // A new leader has perhaps not heard the question.
    if (news.generation > newest) askedAt = 0;
    newest = news.generation;
    group.isAsking = false;
    const isNext = news.generation === generation && news.number === number;
    // A leader that has no list yet, or an old one, must not take the list from this tab.
    const isWanted = news.phase === "live" || !replica.isLoaded;
    const whole = !isNext && isWanted && news.whole;
    if (isNext || whole) {
      generation = news.generation;
      number = news.number + 1;
      askedAt = 0;
    } else if (isWanted && Math.abs(now() - askedAt) > PATIENCE_MS) {
      askedAt = now();
      group.ask("all");
    }
    // A tab that lacks something is not told that it is live.
    onNews(
      askedAt ? { ...news, phase: "loading" } : news,
      isNext ? news.events : whole || [],
      !isNext,
    );
  };

  const group = {
    isLeading: false,
    isAsking: false,
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
      const whole = mustTellAll && replica.state();
      const { cursor } = replica;
      channel.postMessage({ ...report(), generation, number, events, whole, cursor });
      number++;
      events = [];
      mustTellAll = false;
    },
    ask(question: Question) {
      group.isAsking = true;
      channel.postMessage([question, newest]);
    },
    leave() {
      left.abort();
      channel?.close();
    },
  };

  (async () => {
    try {
      channel = openChannel(name);
      channel.onmessage = ({ data }) => {
        if (data.phase) group.isLeading || receive(data);
        else if (group.isLeading) answer(...(data as [Question, number]));
      };
      group.ask("all");
      await locks.request(name, isStealing ? { steal: true } : { signal }, lead);
    } catch (error) {
      // A stolen lock ends its request in this way.
      if (!signal.aborted) onLost((error as Error).name === "AbortError");
    }
  })();
  return group;
}
