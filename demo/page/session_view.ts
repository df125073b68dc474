import type { Session, SupabaseClient } from "@supabase/supabase-js";
import { describeResults } from "../processing/describe_results.ts";
import { failureReason } from "../processing/failure_reason.ts";
import { showConnection, showMedianLatency } from "./connection_badge.ts";
import { setUpDropZone } from "./drop_zone.ts";
import { byId } from "./element.ts";
import { createEventLog } from "./event_log.ts";
import { exampleFile } from "./example_file.ts";
import { applyEvent, type FileEvent, type FileState } from "./file_event.ts";
import { openFileEvents } from "./file_events_connection.ts";
import { createFileList } from "./file_list.ts";
import { errorOf, nameOf } from "./file_words.ts";
import { startFileWorker } from "./file_worker.ts";
import { keepFindings } from "./findings.ts";
import { createLatencyMeter } from "./latency_meter.ts";
import { showNotice } from "./notices.ts";
import { authFailureReason } from "./sign_in_form.ts";
import type { Project } from "./tab_client.ts";
import { failAbandonedFiles, rememberUnfinishedFiles } from "./unfinished_files.ts";

export interface SessionView {
  userId: string;
  useToken: (accessToken: string) => void;
  stop: (options: { signedOut: boolean }) => void;
}

const LATENCY_REFRESH_MS = 1000;

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
  const userId = session.user.id;
  const findings = keepFindings(sessionStorage, userId);
  const list = createFileList({
    onDelete: (file) => void remove(file),
    findingsOf: findings.of,
  });
  const log = createEventLog();
  const render = () => !signal.aborted && list.show(files);
  const latencies = createLatencyMeter(Date.now);
  let upToDate = false;
  let accessToken = session.access_token;

  const remove = async (file: FileState) => {
    const { error, status } = await client.from("files").delete().eq("id", file.id);
    if (error && !signal.aborted) {
      showNotice(`${nameOf(file)} was not deleted: ${failureReason(status, error.message)}`);
    }
  };

  const worker = startFileWorker({
    project,
    accessToken,
    onWrite: latencies.wrote,
    onOutcome: (id, outcome) => {
      if (outcome.status === "ready" && !signal.aborted) {
        findings.keep(id, describeResults(outcome.results));
      }
      render();
    },
    onWaiting: (filename, reason) =>
      signal.aborted ? () => {} : showNotice(`${filename} waits for its turn: ${reason}.`),
    onError: (filename, message) => {
      if (!signal.aborted) showNotice(`${filename}: ${message}`);
    },
    unfinished: rememberUnfinishedFiles(userId),
  });

  failAbandonedFiles(client, userId, signal).catch(() => {
    // The user has left, or the database refuses it: then so be it.
  });

  const refreshLatency = () => showMedianLatency(upToDate ? latencies.median() : undefined);

  const connection = openFileEvents({
    url: `${project.url}/functions/v1/file-events`,
    publishableKey: project.publishableKey,
    accessToken: async ({ fresh }) => {
      const { auth } = client;
      const { data, error } = await (fresh ? auth.refreshSession() : auth.getSession());
      if (error) throw new Error(authFailureReason(error));
      if (!data.session) throw new Error("signed out");
      return data.session.access_token;
    },
    onEvent: (event, message) => {
      if (upToDate) announce(event, files);
      const name = fileNameOf(event, files);
      applyEvent(files, event);
      if (event.eventType === "file-deleted") {
        findings.remove(event.file.id);
        latencies.deleted(event.file.id);
      }
      const showLatency = log.add(event, { ...message, name });
      if (event.eventType === "file-update") {
        latencies.arrived(event.file, showLatency);
      }
      render();
    },
    onState: (state, reason) => {
      upToDate = state === "connected";
      showConnection(state, reason);
      refreshLatency();
    },
    signal,
  });

  // What is written and not yet here makes the latency grow, though nothing happens.
  const refresh = setInterval(refreshLatency, LATENCY_REFRESH_MS);
  signal.addEventListener("abort", () => clearInterval(refresh), { once: true });

  setUpDropZone({
    onFiles: (dropped) => dropped.forEach(worker.process),
    onFolder: (name) => showNotice(`${name} is a folder: drop the files in it.`),
    signal,
  });

  byId("example").addEventListener("click", () => worker.process(exampleFile()), { signal });

  return {
    userId,
    useToken: (token) => {
      if (token === accessToken) return;
      accessToken = token;
      worker.useToken(token);
      if (!signal.aborted) connection.reopen();
    },
    stop: ({ signedOut }) => {
      ended.abort();
      worker.finish();
      list.clear();
      log.clear();
      if (signedOut) findings.clear();
      byId("notices").replaceChildren();
      showConnection(undefined);
      showMedianLatency(undefined);
    },
  };
}

/** As the page shows it; undefined for an event that is about no file, or an unknown one. */
function fileNameOf(event: FileEvent, files: Map<string, FileState>): string | undefined {
  if (event.eventType === "file-update") return nameOf(event.file);
  if (event.eventType !== "file-deleted") return;
  const file = files.get(event.file.id);
  return file && nameOf(file);
}

/** Tells a screen reader what has come to an end; each per cent of progress would be noise. */
function announce(event: FileEvent, files: Map<string, FileState>): void {
  const text = announcementOf(event, files);
  if (text) byId("announcement").textContent = text;
}

function announcementOf(event: FileEvent, files: Map<string, FileState>): string | undefined {
  if (event.eventType === "file-deleted") {
    const name = fileNameOf(event, files);
    return name && `${name} deleted`;
  }
  if (event.eventType !== "file-update") return;
  const { file } = event;
  if (files.get(file.id)?.status === file.status) return;
  if (file.status === "ready") return `${nameOf(file)} ready`;
  if (file.status !== "failed") return;
  return `${nameOf(file)} failed${file.error_message ? `: ${errorOf(file)}` : ""}`;
}
