import type { Session, SupabaseClient } from "@supabase/supabase-js";
import type { Results } from "../processing/process_file.ts";
import { showConnection, showMedianLatency } from "./connection_badge.ts";
import { setUpDropZone } from "./drop_zone.ts";
import { byId } from "./element.ts";
import { createEventLog } from "./event_log.ts";
import { exampleFile } from "./example_file.ts";
import { applyEvent, type FileEvent, type FileState } from "./file_event.ts";
import { openFileEvents } from "./file_events_connection.ts";
import { createFileList } from "./file_list.ts";
import { startFileWorker } from "./file_worker.ts";
import { createLatencyMeter } from "./latency_meter.ts";
import { showNotice } from "./notices.ts";
import type { Project } from "./tab_client.ts";

export interface SessionView {
  userId: string;
  useToken: (accessToken: string) => void;
  stop: () => void;
}

/**
 * Everything that one signed-in user sees and does. What the list shows comes from the stream alone;
 * this tab's own knowledge adds only the results of what it has processed.
 */
export function startSessionView(
  client: SupabaseClient,
  session: Session,
  project: Project,
): SessionView {
  const ended = new AbortController();
  const { signal } = ended;
  const files = new Map<string, FileState>();
  const results = new Map<string, Results>();
  const list = createFileList({ onDelete: (file) => void remove(file) });
  const log = createEventLog();
  const render = () => !signal.aborted && list.show(files, results);
  const latencies = createLatencyMeter(Date.now);
  let upToDate = false;

  const remove = async ({ id, filename }: FileState) => {
    const { error } = await client.from("files").delete().eq("id", id);
    if (error) showNotice(`${filename} was not deleted: ${error.message}`);
  };

  const worker = startFileWorker({
    project,
    accessToken: session.access_token,
    onWrite: latencies.wrote,
    onOutcome: (id, outcome) => {
      if (outcome.status === "ready") results.set(id, outcome.results);
      render();
    },
    onError: (filename, message) => showNotice(`${filename}: ${message}`),
  });

  const connection = openFileEvents({
    url: `${project.url}/functions/v1/file-events`,
    publishableKey: project.publishableKey,
    accessToken: async ({ fresh }) => {
      const { auth } = client;
      const { data, error } = await (fresh ? auth.refreshSession() : auth.getSession());
      if (error) throw error;
      if (!data.session) throw new Error("signed out");
      return data.session.access_token;
    },
    onEvent: (event, message) => {
      if (upToDate) announce(event, files);
      const filename = filenameOf(event, files);
      applyEvent(files, event);
      if (event.eventType === "file-deleted") results.delete(event.file.id);
      const showLatency = log.add(event, { ...message, filename });
      if (event.eventType === "file-update") {
        latencies.arrived(event.file, (ms) => {
          showLatency(ms);
          showMedianLatency(latencies.median());
        });
      }
      render();
    },
    onState: (state, reason) => {
      upToDate = state === "connected";
      showConnection(state, reason);
    },
    signal,
  });

  setUpDropZone({
    onFiles: (dropped) => dropped.forEach(worker.process),
    onFolder: (name) => showNotice(`${name} is a folder: drop the files in it.`),
    signal,
  });

  byId("example").addEventListener("click", () => worker.process(exampleFile()), { signal });

  return {
    userId: session.user.id,
    useToken: (accessToken) => {
      worker.useToken(accessToken);
      connection.reopen();
    },
    stop: () => {
      ended.abort();
      worker.finish();
      list.clear();
      log.clear();
      byId("notices").replaceChildren();
      showConnection(undefined);
      showMedianLatency(undefined);
    },
  };
}

function filenameOf(event: FileEvent, files: Map<string, FileState>): string | undefined {
  if (event.eventType === "file-update") return event.file.filename;
  if (event.eventType === "file-deleted") return files.get(event.file.id)?.filename;
}

/** Tells a screen reader what has come to an end; each per cent of progress would be noise. */
function announce(event: FileEvent, files: Map<string, FileState>): void {
  const text = announcementOf(event, files);
  if (text) byId("announcement").textContent = text;
}

function announcementOf(event: FileEvent, files: Map<string, FileState>): string | undefined {
  if (event.eventType === "file-deleted") {
    const filename = filenameOf(event, files);
    return filename && `${filename} deleted`;
  }
  if (event.eventType !== "file-update") return;
  const { id, filename, status, error_message } = event.file;
  if (files.get(id)?.status === status) return;
  if (status === "ready") return `${filename} ready`;
  if (status === "failed") return `${filename} failed: ${error_message}`;
}
