import { acceptsOnlyJson } from "../../supabase/functions/file-events/http/accepts_only_json.ts";
import { createEventStream } from "../../supabase/functions/file-events/http/event_stream.ts";
import { parseWait } from "../../supabase/functions/file-events/http/parse_wait.ts";
import { openPoll } from "../../supabase/functions/file-events/http/poll.ts";
import { Refusal } from "../../supabase/functions/file-events/http/refusal.ts";
import { refusalResponse } from "../../supabase/functions/file-events/http/refusal_response.ts";
import type { Caller } from "../../supabase/functions/file-events/stream/caller.ts";
import type { OpenFileStream } from "../../supabase/functions/file-events/stream/file_stream.ts";
import type { StreamMessage } from "../../supabase/functions/file-events/stream/stream_message.ts";
import type { FakeClock } from "../support/fake_clock.ts";

export interface AnswerAtSeamOptions {
  readonly open: OpenFileStream;
  /** @returns Whose token it is, or the code with which it is refused. */
  readonly judge: (token: string) => Caller | "AUTH_INVALID" | "AUTH_EXPIRED";
  /** The `file_id` filter of this request. */
  readonly fileIds: readonly string[] | null;
  readonly clock: FakeClock;
  /** Called before the events of an answer begin. */
  readonly onConnect: (lastEventId: string | null, isPoll: boolean) => void;
}

/** `retry` of each answer, in milliseconds. */
const RETRY_MS = 2_000;

const random = () => 0.5;

/** Answers a request as the function does: with a real stream, or the real answer to a poll. */
export async function answerAtSeam(
  request: Request,
  { open, judge, fileIds, clock, onConnect }: AnswerAtSeamOptions,
): Promise<Response> {
  const { headers, signal } = request;
  const isPoll = acceptsOnlyJson(headers);
  try {
    const caller = judge(headers.get("authorization")!.replace("Bearer ", ""));
    if (typeof caller === "string") throw new Refusal(caller, "Refused");
    const lastEventId = headers.get("last-event-id") || null;
    onConnect(lastEventId, isPoll);
    const parameters = { lastEventId, fileIds, snapshot: true, isPoll };
    if (isPoll) {
      const waitMs = parseWait(new URL(request.url).searchParams);
      const options = { lastEventId, waitMs, retry: RETRY_MS, client: signal, clock };
      return await openPoll((writer) => open(caller, parameters, writer), options).response;
    }
    const { response, writer } = createEventStream<StreamMessage>({ retry: RETRY_MS });
    open(caller, parameters, writer);
    return response;
  } catch (error) {
    if (error instanceof Refusal) return refusalResponse(error, { random, isPoll });
    throw error;
  }
}
