import type { Session, SupabaseClient } from "@supabase/supabase-js";
import { fileEvents } from "../../client/file_events.ts";
import type { FileState } from "../../client/protocol.ts";
import { summaryOf } from "../../client/summary.ts";
import { describeResults } from "../processing/describe_results.ts";
import { failureReason } from "../processing/failure_reason.ts";
import { announcementOf } from "./announcement.ts";
import { showConnection, showMedianLatency } from "./connection_badge.ts";
import { setUpDropZone } from "./drop_zone.ts";
import { byId } from "./element.ts";
import { createEventLog } from "./event_log.ts";
import { exampleFile } from "./example_file.ts";
import { createFileList } from "./file_list.ts";
import { nameOf } from "./file_words.ts";
import { startFileWorker } from "./file_worker.ts";
import { keepFindings } from "./findings.ts";
import { createLatencyMeter } from "./latency_meter.ts";
import { showNotice } from "./notices.ts";
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
  const userId = session.user.id;
  const findings = keepFindings(sessionStorage, userId);
  const list = createFileList({
    onDelete: (file) => void remove(file),
    findingsOf: findings.of,
  });
  const log = createEventLog();
  const latencies = createLatencyMeter(Date.now);
  let isLive = false;
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
        list.show(files.value);
      }
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

  const files = fileEvents({
    supabase: client,
    url: project.url,
    key: project.publishableKey,
    onEvent: (event, id) => {
      const known = "file" in event ? files.get(event.file.id) : undefined;
      const announcement = isLive && announcementOf(event, known);
      if (announcement) byId("announcement").textContent = announcement;
      const file = event.eventType === "file-update" ? event.file : known;
      const showLatency = log.add(event, { id, name: file && nameOf(file) });
      if (event.eventType === "file-update") latencies.arrived(event.file, showLatency);
      if (event.eventType === "file-deleted") {
        findings.remove(event.file.id);
        latencies.deleted(event.file.id);
      }
    },
    signal,
  });

  const refreshLatency = () => showMedianLatency(isLive ? latencies.median() : undefined);

  files.subscribe(list.show);
  summaryOf(files).subscribe(list.showSummary);
  files.connection.subscribe((status) => {
    isLive = status.state === "live";
    showConnection(status);
    refreshLatency();
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
    },
    stop: ({ signedOut }) => {
      ended.abort();
      worker.finish();
      list.clear();
      log.clear();
      if (signedOut) findings.clear();
      byId("notices").replaceChildren();
    },
  };
}
