import { ServerSentEventStream } from "../../supabase/functions/file-events/http/server_sent_event_stream.ts";
import type { Caller } from "../../supabase/functions/file-events/stream/caller.ts";
import type { OpenFileStream } from "../../supabase/functions/file-events/stream/file_stream.ts";

export interface AnswerAtSeamOptions {
  readonly open: OpenFileStream;
  /** @returns Whose token it is, or the code with which it is refused. */
  readonly judge: (token: string) => Caller | string;
  /** The `file_id` filter of this request. */
  readonly fileIds: readonly string[] | null;
}

/** Answers a request as the function does, with a real stream. */
export function answerAtSeam(
  headers: Headers,
  { open, judge, fileIds }: AnswerAtSeamOptions,
): Response {
  const caller = judge(headers.get("authorization")!.replace("Bearer ", ""));
  const contentType = { "content-type": "text/event-stream" };
  if (typeof caller === "string") {
    const body = `retry: 300000\ndata: ${JSON.stringify({ error: "Refused", code: caller })}\n\n`;
    return new Response(body, { status: 401, headers: contentType });
  }
  const { readable, writable } = new ServerSentEventStream();
  const lastEventId = headers.get("last-event-id") || null;
  open(caller, { lastEventId, fileIds, snapshot: true, isPoll: false }, writable.getWriter());
  return new Response(readable, { headers: contentType });
}
