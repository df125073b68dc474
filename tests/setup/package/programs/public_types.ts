// Is compiled, and never run: what users write, and what the compiler must refuse.
import {
  type ConnectionState,
  type ConnectionStatus,
  type FileChange,
  type FileEvent,
  type FileEvents,
  fileEvents,
  FileEventsError,
  type FileEventsErrorCode,
  type FileEventsOptions,
  type FileState,
  type GetToken,
  type Outcome,
  type Readable,
  type SupabaseClientLike,
} from "file-events";
import { type Summary, summaryOf } from "file-events/summary";

interface MyFile extends FileState {
  readonly page_count: number | null;
}

const url = "https://project.supabase.co";
const key = "publishable";
declare const supabase: SupabaseClientLike;

const getToken: GetToken = ({ fresh }) => Promise.resolve(fresh ? "fresh token" : null);
const options: FileEventsOptions = { getToken, url, key, fileIds: ["1"], fetch };
const plain: FileEvents = fileEvents(options);
const files = fileEvents<MyFile>({
  supabase,
  url,
  key,
  statuses: { done: "ready", error: "failed" },
  onEvent: (event: FileEvent, id) => void [event.eventType, id?.length],
  signal: new AbortController().signal,
});

export const pages: number = files.value.reduce((sum, file) => sum + (file.page_count ?? 0), 0);
export const everything: Readable<readonly MyFile[]> = files;
export const unsubscribe: () => void = files.subscribe(([first]) => first?.page_count);
export const state: ConnectionState = files.connection.value.state;
export const status: Readable<ConnectionStatus> = plain.connection;
export const summary: Readable<Summary> = summaryOf(plain);
export const outcome: Outcome = plain.outcome(plain.value[0]!);
export const known: MyFile | undefined = files.get("1");

export async function follow(): Promise<FileEventsErrorCode | undefined> {
  try {
    const { page_count } = await files.done("1", { signal: AbortSignal.timeout(1) });
    for await (const change of files.events()) {
      const { file }: FileChange<MyFile> = change;
      if (change.eventType === "file-update") {
        return void [change.file.page_count, page_count, file];
      }
    }
  } catch (error) {
    if (error instanceof FileEventsError) return error.code;
    throw error;
  } finally {
    files[Symbol.dispose]();
  }
}

// @ts-expect-error: the key is missing
fileEvents({ supabase, url });
// @ts-expect-error: the URL is missing
fileEvents({ supabase, key });
// @ts-expect-error: two sources of tokens
fileEvents({ supabase, getToken, url, key });
// @ts-expect-error: no source of tokens
fileEvents({ url, key });
// @ts-expect-error: no client of supabase-js
fileEvents({ supabase: {}, url, key });
// @ts-expect-error: no outcome of this name
fileEvents({ getToken, url, key, statuses: { done: "finished" } });
// @ts-expect-error: no option of this name
fileEvents({ getToken, url, key, fileId: "1" });
// @ts-expect-error: this column is not in the type
plain.value[0]?.page_count;
// @ts-expect-error: the list is immutable
files.value.push();
// @ts-expect-error: a file's fields are immutable
files.get("1")!.progress = 1;
