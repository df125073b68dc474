import { createParser } from "eventsource-parser";
import type { Answer } from "./answer.ts";
import { connectionFailure, firstBytes } from "./ask_project.ts";
import type { Arrival } from "./judge/judge_arrival.ts";
import { createSignalBell } from "./signal_bell.ts";
import { sleep } from "./sleep.ts";

/** What came of the first request. */
export type Opening =
  | { readonly kind: "bytes"; readonly milliseconds: number }
  /** There were no bytes in time; `headers` says whether there was a status. */
  | { readonly kind: "silent"; readonly hasHeaders: boolean }
  /** An answer other than 200, or none. */
  | { readonly kind: "refused"; readonly answer: Answer };

/** Follows the stream as `docs/protocol.md` asks of a client: it resumes with the last id. */
export interface EventFollower {
  readonly opening: Promise<Opening>;
  /** All that has arrived, in order. */
  readonly arrivals: readonly Arrival[];
  /** The first event that fulfils `predicate`, `undefined` if there is none in time. */
  find(predicate: (event: Arrival) => boolean, milliseconds: number): Promise<Arrival | undefined>;
}

/** From the end of a connection to the next one. */
const RETRY_MS = 2_000;

/** @param signal Ends the stream, and what waits for it. */
export function followEvents(
  url: string,
  { token, fetch, firstByteMs, retryMs = RETRY_MS, signal }: {
    token: string;
    fetch: typeof globalThis.fetch;
    firstByteMs: number;
    retryMs?: number;
    signal: AbortSignal;
  },
): EventFollower {
  const arrivals: Arrival[] = [];
  const bell = createSignalBell(signal);
  let lastEventId = "";
  let opened: (opening: Opening) => void = () => {};
  const opening = new Promise<Opening>((resolve) => opened = resolve);

  async function connect(): Promise<void> {
    const startedAt = performance.now();
    const elapsed = () => Math.round(performance.now() - startedAt);
    let hasHeaders = false;
    const late = setTimeout(() => opened({ kind: "silent", hasHeaders }), firstByteMs);
    try {
      const headers = {
        authorization: `Bearer ${token}`,
        ...(lastEventId !== "" && { "last-event-id": lastEventId }),
      };
      // The token is for this address only.
      const response = await fetch(url, { headers, redirect: "manual", signal });
      hasHeaders = true;
      const { status } = response;
      if (status !== 200 || !response.body) {
        const text = await firstBytes(response);
        const answer = { status, headers: response.headers, text, milliseconds: elapsed() };
        return opened({ kind: "refused", answer });
      }
      await read(response.body, () => opened({ kind: "bytes", milliseconds: elapsed() }));
    } catch (error) {
      // Who waits for the opening looks at the signal.
      if (signal.aborted) return opened({ kind: "silent", hasHeaders });
      const failure = connectionFailure(error);
      const answer = { status: 0, headers: new Headers(), text: "", milliseconds: 0, failure };
      opened({ kind: "refused", answer });
    } finally {
      clearTimeout(late);
    }
  }

  async function read(body: ReadableStream<Uint8Array>, onBytes: () => void): Promise<void> {
    const decoder = new TextDecoder();
    const parser = createParser({
      onEvent({ id, data }) {
        if (id !== undefined) lastEventId = id;
        arrivals.push(parseArrival(data));
        bell.ring();
      },
    });
    const reader = body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      onBytes();
      parser.feed(decoder.decode(value, { stream: true }));
    }
  }

  async function follow(): Promise<void> {
    while (!signal.aborted) {
      await connect();
      await sleep(retryMs, signal).catch(() => {}); // It is aborted.
    }
  }
  void follow();

  return {
    opening,
    arrivals,
    async find(predicate, milliseconds) {
      const end = performance.now() + milliseconds;
      for (;;) {
        const found = arrivals.find(predicate);
        const left = end - performance.now();
        if (found || left <= 0) return found;
        await bell.wait(left);
      }
    },
  };
}

function parseArrival(data: string): Arrival {
  const event = JSON.parse(data) as {
    eventType: string;
    timestamp: string;
    reason?: string;
    file?: { id: unknown };
  };
  return {
    eventType: event.eventType,
    writtenAt: Date.parse(event.timestamp),
    at: Date.now(),
    ...(event.reason !== undefined && { reason: event.reason }),
    ...(event.file && { fileId: String(event.file.id) }),
  };
}
