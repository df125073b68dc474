import type { Transport } from "../connection_status.ts";
import type { Environment, Tabs } from "../environment.ts";
import type { FileEventsOptions } from "../options.ts";
import type { FileEvent } from "../protocol.ts";
import { streamUrl } from "./stream_url.ts";
import { forEachEvent, readAnswer } from "./read_answer.ts";
import { createSilenceWatch } from "./silence_watch.ts";
import { tokenSource } from "./token_source.ts";
import { tokenUser } from "./token_user.ts";
import { joinTabs, type TabGroup } from "../tabs/join_tabs.ts";
import type { Replica } from "../store/replica.ts";

/**
 * The states of `client/SPEC.md`.
 * - `idle`: nobody listens
 * - `authorizing`: a token is being asked for
 * - `following`: another tab has the stream, or will know in a moment that none has
 * - `opening`: the request is sent, the answer has not begun
 * - `loading`: the stream is open, `ready` has not come
 * - `live`: `ready` has come
 * - `waiting`: the next attempt begins after a time
 * - `signed-out`, `refused`, `closed`: as in `ConnectionState`
 */
export type Phase =
  | "idle"
  | "authorizing"
  | "following"
  | "opening"
  | "loading"
  | "live"
  | "waiting"
  | "signed-out"
  | "refused"
  | "closed";

/** What a connection works for. */
export interface ConnectionHandler {
  /** The user has left, or is another one. */
  readonly onUserGone: () => void;
  /** The replica has changed, or what is told of the connection may. */
  readonly onChange: () => void;
  /** @param reason Why the last attempt ended. Empty while a connection is live. */
  readonly onPhase: (phase: Phase, reason: string) => void;
}

export interface Connection {
  readonly transport: Transport;
  /** Somebody listens. */
  readonly start: () => void;
  /** Nobody listens any more. */
  readonly pause: () => void;
  readonly reconnect: () => void;
  readonly close: () => void;
}

/** For a token and the beginning of an answer. */
const OPENING_LIMIT_MS = 20_000;
/** From the head of a stream to its first byte. A proxy that buffers keeps that. */
const FIRST_BYTE_LIMIT_MS = 10_000;
/** Two heartbeats. */
const SILENCE_LIMIT_MS = 60_000;
const MAX_BACKOFF_MS = 60_000;
/** No server means more, and a timer could not count much more. */
const MAX_FLOOR_MS = 3_600_000;
/** Nothing is seen so late by a timer, however much a browser slows it down. */
const SLEEP_MS = 180_000;
/** How long a leader may say nothing while nobody looks: two heartbeats, and the time to answer. */
const LEADER_LIMIT_MS = 75_000;
/** How old a token may be when it is sent for the first time. */
const FRESH_MS = 1_000;
/** Between two polls. */
const POLL_PAUSE_MS = 500;
/** How many seconds the server may hold a poll until something changes. */
const POLL_WAIT = "&wait=25";
/** How long the client polls before it tries a stream again. */
const POLLING_MS = 600_000;
/** Between the end of an attempt and the next one, until the server says how long. */
const DEFAULT_RETRY_MS = 500;

/** Keeps a stream open, or follows the tab that has one. `client/SPEC.md` specifies it. */
export function createConnection(
  options: FileEventsOptions,
  environment: Environment,
  replica: Replica,
  { onUserGone, onChange, onPhase }: ConnectionHandler,
): Connection {
  const { now, after, random, fetch, isVisible } = environment;
  let { tabs } = environment;
  const url = streamUrl(options);
  const tokens = tokenSource(options);
  /** Ends the watching of tokens and the page, once it has begun. */
  let watching: AbortController | undefined;
  /** Somebody listens. */
  let isWanted = false;
  let phase: Phase = "idle";
  /** Why the last attempt ended. Empty while a connection is live. */
  let reason = "";
  /** Ends the current attempt, or has ended the last one. */
  let attempt = new AbortController();
  /** How long the current attempt may be silent. */
  let limitMs = OPENING_LIMIT_MS;
  /** Whose files these are. Empty before the first token, and while nobody is signed in. */
  let user = "";
  /** The tabs of this user, once it is known. */
  let group: TabGroup | undefined;
  /** The tokens that the server has refused. They are never sent again. */
  const refused = new Set<unknown>();
  /** Tokens that were refused since the last stream was opened. */
  let refusals = 0;
  /** Attempts since the last `ready`. */
  let failures = 0;
  /** Streams in a row in which nothing came for too long. After two of them a poll is tried. */
  let silences = 0;
  /** When the first poll was answered, by the clock. 0 while there are streams. */
  let pollingSince = 0;
  /** The last `retry:`, in milliseconds. */
  let retryMs = DEFAULT_RETRY_MS;
  let cancelRetry = () => {};
  /** Called while waiting when the next attempt may succeed: leaves the rest of the backoff out. */
  let wake = () => {};

  const enter = (next: Phase, why = reason) => {
    if (phase === "closed") return;
    phase = next;
    reason = why;
    onPhase(phase, reason);
    group?.tell();
  };

  /** Ends the attempt and the timers. */
  const rest = (next: Phase, why?: string) => {
    attempt.abort();
    cancelRetry();
    watch.stop();
    enter(next, why);
  };

  /**
   * Begins an attempt.
   *
   * @param isQuiet Go on polling, without a change of the state.
   */
  const open = async (why?: string, isQuiet?: boolean): Promise<void> => {
    if (!isQuiet) rest("authorizing", why);
    if (phase === "closed") return;
    const { signal } = attempt = new AbortController();
    limitMs = OPENING_LIMIT_MS;
    watch.start();
    const before = user;
    // `true`: it is not known whether there is a token. With a status from 400 to 404, the Auth server
    // has refused the session, so that there is none. Any other error is an outage.
    const token = await chooseToken()
      .catch((error) => !/^40[0-4]$/.test(error?.status) || undefined);
    if (signal.aborted) return;
    if (token === true) return wait("token");
    // Somebody may have signed in after the answer was given.
    if (!token) return !before && user ? open() : signOut(refusals ? reason : "");
    setUser(tokenUser(token));
    if (tabs && !group?.isLeading) join(tabs, token);
    else request(token, isQuiet);
  };

  /** Sends the request of an attempt, and judges its answer. */
  const request = async (token: string, isQuiet?: boolean) => {
    const { signal } = attempt;
    if (!isQuiet) enter("opening");
    const isPoll = pollingSince || silences > 1;
    if (isPoll) limitMs = SILENCE_LIMIT_MS;
    const headers = {
      authorization: `Bearer ${token}`,
      apikey: options.key,
      "last-event-id": replica.cursor,
      accept: isPoll ? "application/json" : "text/event-stream",
    };
    // The first poll is answered at once. In a promise, because a `fetch` of the page's own may throw.
    const target = isPoll && isQuiet ? url + POLL_WAIT : url;
    const answer = (async () => await fetch(target, { headers, signal, cache: "no-store" }))();
    const { status, reason: end, floorMs, isPolled, hasMore } = await readAnswer(answer, signal, {
      onBytes(isPoll) {
        if (isPoll) pollingSince ||= now();
        limitMs = limitMs === OPENING_LIMIT_MS ? FIRST_BYTE_LIMIT_MS : SILENCE_LIMIT_MS;
        watch.start();
        refusals = 0;
        if (phase === "opening") enter("loading");
      },
      onRetry: (ms) => retryMs = ms,
      onEvent: receive,
    });
    if (signal.aborted) return;
    if (isPolled) {
      // A stream is tried again. If it is silent, polling goes on.
      if (Math.abs(now() - pollingSince) > POLLING_MS) {
        pollingSince = 0;
        silences = 1;
      }
      if (!end) {
        cancelRetry = after(hasMore ? 0 : POLL_PAUSE_MS, () => open("", true));
        return;
      }
    }
    if (!pollingSince) silences = 0;
    if (status === 401 || end === "token-expired") refused.add(token);
    if ([400, 405, 414].includes(status!)) {
      // So that a page that is loaded again asks the server, and not a tab that was refused long ago.
      leaveGroup();
      rest("refused", end);
    } else if (status !== 401) wait(end, floorMs);
    else if (refusals++) signOut(end);
    else open(end);
  };

  /** @returns None if there is none to try. */
  const chooseToken = async () => {
    for (const fresh of [false, true]) {
      const token = await tokens.get({ fresh });
      if (!refused.has(token)) return token;
    }
    return undefined;
  };

  const receive = (event: FileEvent, id: string | undefined) => {
    const { signal } = attempt;
    try {
      options.onEvent?.(event, id);
    } catch (error) {
      // It is reported as an uncaught error and stops nothing.
      queueMicrotask(() => {
        throw error;
      });
    }
    if (signal.aborted) return;
    replica.apply(event, id);
    onChange();
    group?.tell(event);
    if (event.eventType === "heartbeat") silences = 0;
    if (event.eventType === "ready" && phase !== "following") {
      failures = 0;
      enter("live", "");
    }
  };

  /** Follows the tab that leads, or leads. */
  const join = (tabs: Tabs, token: string) => {
    // Who follows already has no answer from the leader, or may not wait for one.
    const isStealing = !!group;
    const joinedAt = now();
    leaveGroup();
    enter("following");
    watch.start();
    group = joinTabs(`file-events/1 ${user} ${url}`, tabs, replica, environment, {
      // Most often no other tab leads, and the token is as good as new.
      onLead: () => now() - joinedAt < FRESH_MS ? request(token) : open(),
      onLost,
      onNews(news, events, isState) {
        const { signal } = attempt;
        if (phase !== "following") return;
        watch.start();
        cancelRetry();
        if (isState) replica.restore(events, news.cursor);
        else forEachEvent(events, news.cursor, (event, id) => signal.aborted || receive(event, id));
        if (signal.aborted) return;
        ({ reason, pollingSince } = news);
        onPhase(news.phase as Phase, reason);
      },
      onShown: () => phase === "waiting" && wake(),
      report: () => ({ phase, reason, pollingSince }),
    }, isStealing);
  };

  const leaveGroup = () => {
    group?.leave();
    group = undefined;
  };

  const onLost = (hasLocks: boolean) => {
    if (!hasLocks) tabs = undefined;
    leaveGroup();
    open();
  };

  /** @returns Whether somebody else was there before. */
  const setUser = (next: string) => {
    const isOther = user && user !== next;
    if (user !== next) leaveGroup();
    user = next;
    if (isOther) onUserGone();
    return isOther;
  };

  const signOut = (why: string) => {
    rest("signed-out", why);
    setUser("");
  };

  const wait = (why: string, minimumMs = 0) => {
    // Another tab may have a token.
    if (why === "token") leaveGroup();
    rest("waiting", why);
    const floorMs = Math.min(Math.max(retryMs, minimumMs), MAX_FLOOR_MS);
    let backoffMs = random() * Math.min(1000 * 2 ** failures++, MAX_BACKOFF_MS);
    wake = () => backoffMs = 0;
    cancelRetry = after(floorMs, () => {
      wake = open;
      cancelRetry = after(backoffMs, open);
    });
  };

  const watch = createSilenceWatch(environment, (silentMs) => {
    if (phase === "following") {
      if (!group!.isAsking || !isVisible() && silentMs < LEADER_LIMIT_MS) group!.ask("alive");
      // At a random moment, so that others hear of it before they do the same.
      else cancelRetry = after(1000 * random(), () => open("silence"));
    } else if (silentMs >= limitMs) {
      if (phase === "authorizing") return wait("token");
      // After two silent streams a poll. If that is silent too, or the machine has slept, begin anew.
      silences = silentMs < SLEEP_MS ? (silences + 1) % 3 : 0;
      if (phase === "live") open("silence");
      else wait("silence");
    }
  });

  const isOpen = () => phase === "loading" || phase === "live";

  /** Nobody listens, or the page is left. */
  const goIdle = () => {
    rest("idle");
    leaveGroup();
  };

  const onPage = ({ type }: { readonly type: string }) => {
    if (["freeze", "pagehide"].includes(type)) return goIdle();
    // Longer ago than the client polls: after the next poll a stream is tried.
    if (type === "online") pollingSince &&= 1;
    if (type === "offline") {
      // A stream would seem open until its silence is noticed.
      if (isOpen()) wait("network");
    } else if (phase === "waiting") wake();
    else if (phase === "idle") ["resume", "pageshow"].includes(type) && isWanted && open();
    else if (phase === "following") {
      watch.start();
      group!.ask("shown");
    }
    onChange();
  };

  /** A token is reported, or a sign-out. */
  const onToken = (token: string | null, isRefreshed?: boolean) => {
    if (!token) return phase === "idle" ? void setUser("") : signOut("");
    if (refused.has(token)) return;
    const isOther = setUser(tokenUser(token));
    // After a refusal, a refreshed token is no reason for another attempt: of tokens that are all
    // refused, each would be refreshed, in other tabs too.
    if (isRefreshed && !isOther && refusals) return;
    refusals = 0;
    if (phase === "waiting") wake();
    // A stream of the same user stays open as long as its own token is valid.
    else if (phase === "signed-out" || isOther && phase !== "idle") open();
  };

  return {
    get transport() {
      return pollingSince ? "polling" : "stream";
    },
    start() {
      isWanted = true;
      if (phase !== "idle") return;
      if (!watching) {
        watching = new AbortController();
        // This goes on while nobody listens, so that the files are dropped at a sign-out.
        tokens.watch?.(onToken, watching.signal);
        environment.watchPage(onPage, watching.signal);
      }
      open();
    },
    pause() {
      isWanted = false;
      goIdle();
    },
    reconnect() {
      refused.clear();
      refusals = 0;
      if (phase !== "idle") open();
      // Somebody else may have signed in, and the next listener is given the list at once.
      else if (!isWanted) setUser("");
    },
    close() {
      rest("closed");
      leaveGroup();
      watching?.abort();
    },
  };
}
