import { openPoll } from "../../supabase/functions/file-events/http/poll.ts";
import type { OpenFileStream } from "../../supabase/functions/file-events/stream/file_stream.ts";
import type { EventType } from "../../supabase/functions/file-events/stream/stream_message.ts";
import type { FakeClock } from "../support/fake_clock.ts";

/** How long a client waits after an answer, and after one that has failed, in milliseconds. */
const PAUSE_MS = 500;
const RETRY_MS = 2_000;

interface PolledEvent {
  readonly eventType: EventType;
}

/**
 * Brings a client its stream by polls: asks again and again, and writes the events of the answers.
 * Each answer's id follows its events with a heartbeat.
 */
export function openPolled(open: OpenFileStream, clock: FakeClock): OpenFileStream {
  return (caller, parameters, writer) => {
    const end = new AbortController();
    const { signal } = end;
    writer.closed.catch(() => end.abort());

    async function poll(lastEventId: string | null): Promise<Response> {
      const { response } = openPoll(
        (answer) => open(caller, { ...parameters, lastEventId, isPoll: true }, answer),
        { lastEventId, waitMs: 25_000, retry: RETRY_MS, client: signal, clock },
      );
      return await response;
    }

    async function followPolls(): Promise<void> {
      let id = parameters.lastEventId;
      let isReady = false;
      while (!signal.aborted) {
        const response = await poll(id).catch(() => undefined);
        if (!response) {
          await new Promise<void>((resolve) => clock.after(RETRY_MS, resolve));
          continue;
        }
        const answer = await response.json();
        for (const event of answer.events as PolledEvent[]) {
          const { eventType } = event;
          // A stream is ready once, and once more after each reset.
          if (eventType === "ready" && isReady) continue;
          if (eventType === "ready") isReady = true;
          if (eventType === "reset") isReady = false;
          await writer.write({
            eventType,
            data: JSON.stringify(event),
            ...(eventType === "reset" && { id: "none" }),
            ...(eventType === "closing" && { retry: answer.retry }),
          });
          if (eventType === "closing") return await writer.close();
        }
        id = answer.id;
        const data = JSON.stringify({ eventType: "heartbeat", timestamp: new Date(clock.now()) });
        await writer.write({ eventType: "heartbeat", data, ...(id !== null && { id }) });
        if (!answer.more) await new Promise<void>((resolve) => clock.after(PAUSE_MS, resolve));
      }
    }
    // A write fails only if the client has left.
    followPolls().catch(() => end.abort());
    return { signal, sendHeartbeat() {} };
  };
}
