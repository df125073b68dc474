import type { Environment } from "../environment.ts";
import type { FileEventsOptions } from "../options.ts";
import type { FileEvent } from "../protocol.ts";
import { streamUrl } from "./stream_url.ts";
import { followStream } from "./follow_stream.ts";
import { createSilenceWatch } from "./silence_watch.ts";
import { tokenSource } from "./token_source.ts";
import { tokenUser } from "./token_user.ts";

/**
 * The states of `client/SPEC.md`.
 * - `idle`: nobody listens
 * - `authorizing`: a token is being asked for
 * - `opening`: the request is sent, the answer has not begun
 * - `loading`: the stream is open, `ready` has not come
 * - `live`: `ready` has come
 * - `waiting`: the next attempt begins after a time
 * - `signed-out`, `refused`, `closed`: as in `ConnectionState`
 */
export type Phase =
  | "idle"
  | "authorizing"
  | "opening"
  | "loading"
  | "live"
  | "waiting"
  | "signed-out"
  | "refused"
  | "closed";

/** What a connection works for. */
export interface ConnectionHandler {
  /** The id to resume from, or an empty text. */
  readonly cursor: () => string;
  /** The user has left, or is another one. */
  readonly onUserGone: () => void;
  readonly onEvent: (event: FileEvent, id: string | undefined) => void;
  /** @param reason Why the last attempt ended. Empty while a connection is live. */
  readonly onPhase: (phase: Phase, reason: string) => void;
}

export interface Connection {
  /** Somebody listens. */
  readonly start: () => void;
  /** Nobody listens any more. */
  readonly pause: () => void;
  readonly reconnect: () => void;
  readonly close: () => void;
}

/** For a token and the beginning of an answer. */
const OPENING_LIMIT_MS = 20_000;
/** Two heartbeats. */
const SILENCE_LIMIT_MS = 60_000;
const MAX_BACKOFF_MS = 60_000;
/** No server means more, and a timer could not count much more. */
const MAX_FLOOR_MS = 3_600_000;
/** Between the end of an attempt and the next one, until the server says how long. */
const DEFAULT_RETRY_MS = 500;

/** Keeps a stream open. `client/SPEC.md` specifies it: each function here is an event there. */
export function createConnection(
  options: FileEventsOptions,
  environment: Environment,
  { cursor, onUserGone, onEvent, onPhase }: ConnectionHandler,
): Connection {
  const { after, random, fetch } = environment;
  const url = streamUrl(options);
  const tokens = tokenSource(options);
  /** Ends the watching of tokens and the page, once it has begun. */
  let watching: AbortController | undefined;
  let phase: Phase = "idle";
  /** Why the last attempt ended. Empty while a connection is live. */
  let reason = "";
  /** Ends the current attempt, or has ended the last one. */
  let attempt = new AbortController();
  /** Whose files these are. Empty before the first token, and while nobody is signed in. */
  let user = "";
  /** The tokens that the server has refused. They are never sent again. */
  const refused = new Set<unknown>();
  /** Tokens that were refused since the last stream was opened. */
  let refusals = 0;
  /** Attempts since the last `ready`. */
  let failures = 0;
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
  };

  /** Ends the attempt and the timers. */
  const rest = (next: Phase, why?: string) => {
    attempt.abort();
    cancelRetry();
    watch.stop();
    enter(next, why);
  };

  const open = async (why?: string): Promise<void> => {
    rest("authorizing", why);
    if (phase === "closed") return;
    const { signal } = attempt = new AbortController();
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
    enter("opening");
    const headers = {
      authorization: `Bearer ${token}`,
      apikey: options.key,
      "last-event-id": cursor(),
    };
    // In a promise, because a `fetch` of the page's own may throw.
    const answer = (async () => await fetch(url, { headers, signal, cache: "no-store" }))();
    const { status, reason: end, floorMs } = await followStream(answer, signal, {
      onBytes() {
        watch.start();
        refusals = 0;
        if (phase === "opening") enter("loading");
      },
      onRetry: (ms) => retryMs = ms,
      onEvent(event, id) {
        try {
          options.onEvent?.(event, id);
        } catch (error) {
          // It is reported as an uncaught error and stops nothing.
          queueMicrotask(() => {
            throw error;
          });
        }
        if (signal.aborted) return;
        onEvent(event, id);
        if (event.eventType === "ready") {
          failures = 0;
          enter("live", "");
        }
      },
    });
    if (signal.aborted) return;
    if (status === 401 || end === "token-expired") refused.add(token);
    if (status === 400 || status === 405 || status === 414) rest("refused", end);
    else if (status !== 401) wait(end, floorMs);
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

  /** @returns Whether somebody else was there before. */
  const setUser = (next: string) => {
    const isOther = user && user !== next;
    user = next;
    if (isOther) onUserGone();
    return isOther;
  };

  const signOut = (why: string) => {
    rest("signed-out", why);
    setUser("");
  };

  const wait = (why: string, minimumMs = 0) => {
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
    if (silentMs < (isOpen() ? SILENCE_LIMIT_MS : OPENING_LIMIT_MS)) return;
    if (phase === "live") open("silence");
    else wait(phase === "authorizing" ? "token" : "silence");
  });

  const isOpen = () => phase === "loading" || phase === "live";

  /** The network has gone or come, or the page was hidden or shown. */
  const onPage = ({ type }: { readonly type: string }) => {
    if (type === "offline") {
      // A stream would seem open until its silence is noticed.
      if (isOpen()) wait("network");
    } else if (phase === "waiting") wake();
    enter(phase);
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
    start() {
      if (phase !== "idle") return;
      if (!watching) {
        watching = new AbortController();
        // This goes on while nobody listens, so that the files are dropped at a sign-out.
        tokens.watch?.(onToken, watching.signal);
        environment.watchPage(onPage, watching.signal);
      }
      open();
    },
    pause: () => rest("idle"),
    reconnect() {
      refused.clear();
      refusals = 0;
      if (phase !== "idle") open();
      // Somebody else may have signed in, and the next listener is given the list at once.
      else setUser("");
    },
    close() {
      rest("closed");
      watching?.abort();
    },
  };
}
