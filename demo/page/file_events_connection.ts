import type { FileEvent } from "./file_event.ts";

/**
 * - `connecting`: the first connection, or a new one after the browser gave up
 * - `catching-up`: connected, the current state of the files is on its way
 * - `live`: what comes now has just happened
 * - `reconnecting`: the connection broke, the browser opens the next by itself
 */
export type ConnectionState = "connecting" | "catching-up" | "live" | "reconnecting";

export interface FileEventsOptions {
  /** Where the function is: `…/functions/v1/file-events`. */
  url: string;
  publishableKey: string;
  /** A token that is good for a while, refreshed if need be. */
  accessToken: () => Promise<string>;
  onEvent: (event: FileEvent, message: { data: string; id?: string }) => void;
  onState: (state: ConnectionState, reason?: string) => void;
  signal: AbortSignal;
}

const FIRST_RETRY_MS = 1000;
const LAST_RETRY_MS = 30_000;

/**
 * Listens to the stream with the browser's own EventSource until the signal aborts.
 *
 * The browser reconnects by itself and says where it was (`Last-Event-ID`). Two things it can't do:
 * change the token in its URL, and come back after any answer but 200. Both need a new EventSource,
 * told where to go on by `last_event_id`.
 */
export function openFileEvents(options: FileEventsOptions): { reopen: () => void } {
  const { url, publishableKey, accessToken, onEvent, onState, signal } = options;
  let source: EventSource | undefined;
  let lastEventId = "";
  let retryMs = FIRST_RETRY_MS;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let closingReason: string | undefined;

  const close = () => {
    clearTimeout(retry);
    source?.close();
    source = undefined;
  };

  const open = async () => {
    close();
    onState("connecting");
    const parameters = new URLSearchParams({
      access_token: await accessToken(),
      apikey: publishableKey,
    });
    if (signal.aborted) return;
    if (lastEventId) parameters.set("last_event_id", lastEventId);
    close();
    source = new EventSource(`${url}?${parameters}`);
    source.onopen = () => onState("catching-up");
    source.onmessage = receive;
    source.onerror = fail;
  };

  const receive = ({ data, lastEventId: id }: MessageEvent<string>) => {
    const isNewId = id !== "" && id !== lastEventId;
    if (isNewId) lastEventId = id;
    const event: FileEvent = JSON.parse(data);
    closingReason = event.eventType === "closing" ? event.reason : undefined;
    onEvent(event, isNewId ? { data, id } : { data });
    if (event.eventType === "ready") {
      retryMs = FIRST_RETRY_MS;
      onState("live");
    }
    if (closingReason === "token-expired") reopen();
  };

  const fail = () => {
    if (source?.readyState !== EventSource.CLOSED) return onState("reconnecting", closingReason);
    onState("reconnecting", "refused");
    reopenLater();
  };

  const reopenLater = () => {
    close();
    retry = setTimeout(reopen, retryMs * (0.5 + Math.random() / 2));
    retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
  };

  const reopen = () => {
    open().catch((error) => {
      if (signal.aborted) return;
      onState("reconnecting", error instanceof Error ? error.message : String(error));
      reopenLater();
    });
  };

  signal.addEventListener("abort", close, { once: true });
  reopen();
  return { reopen };
}
