import type { FileEvent } from "./file_event.ts";

/**
 * - `connecting`: the first connection, or a new one with a new token
 * - `catching-up`: connected, the current state of the files is on its way
 * - `connected`: up to date; what comes now is new
 * - `reconnecting`: the connection broke, the next one is on its way
 * - `offline`: so it did, and the browser says that it has no network
 */
export type ConnectionState =
  | "connecting"
  | "catching-up"
  | "connected"
  | "reconnecting"
  | "offline";

export interface FileEventsOptions {
  /** Where the function is: `…/functions/v1/file-events`. */
  url: string;
  publishableKey: string;
  /** A token that is good for a while; `fresh`: not the one of last time, which did not hold. */
  accessToken: (options: { fresh: boolean }) => Promise<string>;
  onEvent: (event: FileEvent, message: { data: string; id?: string }) => void;
  onState: (state: ConnectionState, reason?: string) => void;
  signal: AbortSignal;
  /** A connection that says nothing for so long is dead. Default: 65 s, two heartbeats. */
  silenceMs?: number;
}

export interface FileEventsConnection {
  /** Goes on with a new connection, and the token that is good now. */
  reopen(): void;
}

const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 30_000;

/** Longer than any `retry:` that comes before `closing`; a page can't read what it was. */
const LONGEST_WAIT_MS = 10 * 60_000;

/**
 * Listens to the stream with the browser's own EventSource until the signal aborts.
 *
 * The browser reconnects by itself and says where it was (`Last-Event-ID`). Three things it can't
 * do: change the token in its URL, come back after any answer but 200, and notice a connection that
 * died in silence. Each needs a new EventSource, told where to go on by `last_event_id`.
 */
export function openFileEvents(options: FileEventsOptions): FileEventsConnection {
  const { url, publishableKey, accessToken, onEvent, onState, signal, silenceMs = 65_000 } =
    options;
  let source: EventSource | undefined;
  let lastEventId = "";
  let attempt = 0;
  let retryMs = FIRST_RETRY_MS;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let silence: ReturnType<typeof setTimeout> | undefined;
  let closingReason: string | undefined;
  let wasReady = false;

  /** A browser without network still reaches its own machine: only a broken connection is offline. */
  const tellBroken = (reason?: string) => {
    if (navigator.onLine === false) onState("offline");
    else onState("reconnecting", reason);
  };

  const close = () => {
    clearTimeout(retry);
    clearTimeout(silence);
    source?.close();
    source = undefined;
  };

  const open = async ({ fresh = false, reason }: { fresh?: boolean; reason?: string } = {}) => {
    close();
    wasReady = false;
    closingReason = undefined;
    if (reason) tellBroken(reason);
    else onState("connecting");
    const thisAttempt = ++attempt;
    // A refreshed token is also told to whoever calls `reopen`: only the latest attempt goes on.
    const overtaken = () => signal.aborted || thisAttempt !== attempt;
    let token: string;
    try {
      token = await accessToken({ fresh });
    } catch (error) {
      if (!overtaken()) openLater(error instanceof Error ? error.message : String(error));
      return;
    }
    if (overtaken()) return;
    const parameters = new URLSearchParams({ access_token: token, apikey: publishableKey });
    if (lastEventId) parameters.set("last_event_id", lastEventId);
    source = new EventSource(`${url}?${parameters}`);
    source.onopen = () => {
      listenForSilence();
      onState("catching-up");
    };
    source.onmessage = receive;
    source.onerror = fail;
    listenForSilence();
  };

  const receive = ({ data, lastEventId: id }: MessageEvent<string>) => {
    listenForSilence();
    const isNewId = id !== "" && id !== lastEventId;
    if (isNewId) lastEventId = id;
    const event: FileEvent = JSON.parse(data);
    closingReason = event.eventType === "closing" ? event.reason : undefined;
    onEvent(event, isNewId ? { data, id } : { data });
    if (event.eventType === "ready") {
      retryMs = FIRST_RETRY_MS;
      wasReady = true;
      onState("connected");
    }
    if (closingReason === "token-expired") {
      // A token that is refused before anything was sent would be refused again and again.
      if (wasReady) void open({ fresh: true, reason: closingReason });
      else openLater(closingReason);
    }
  };

  const listenForSilence = (ms = silenceMs) => {
    clearTimeout(silence);
    silence = setTimeout(() => void open({ reason: "silence" }), ms);
  };

  const fail = () => {
    if (source?.readyState === EventSource.CLOSED) return openLater("no stream");
    // Whatever the reason, known to this page or not: the browser comes back when it was told to.
    if (closingReason !== undefined) listenForSilence(LONGEST_WAIT_MS);
    tellBroken(closingReason);
  };

  const openLater = (reason: string) => {
    close();
    tellBroken(reason);
    // The browser doesn't say what the answer was; were it a 401, only a fresh token would help.
    retry = setTimeout(
      () => void open({ fresh: true, reason }),
      retryMs * (0.5 + Math.random() / 2),
    );
    retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
  };

  const comeBack = () => {
    if (source?.readyState === EventSource.OPEN) return;
    retryMs = FIRST_RETRY_MS;
    void open({ reason: "online again" });
  };

  signal.addEventListener("abort", close, { once: true });
  globalThis.addEventListener("online", comeBack, { signal });
  // An open connection would seem alive until the silence is noticed. A new one shows whether it is.
  globalThis.addEventListener("offline", () => void open({ reason: "offline" }), { signal });
  void open();
  return { reopen: () => void open() };
}
