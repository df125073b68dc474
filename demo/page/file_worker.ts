import type { Outcome } from "../processing/process_and_report.ts";
import type { Write } from "../processing/write_row.ts";
import type { Project } from "./tab_client.ts";
import { ABANDONED, OPEN_STATUSES, type UnfinishedFiles } from "./unfinished_files.ts";
import type { FromWorker, ToWorker } from "./worker_messages.ts";

export interface FileWorkerOptions {
  project: Project;
  accessToken: string;
  onWrite: (write: Write) => void;
  onOutcome: (id: string, outcome: Outcome) => void;
  /** A file can't get its row for now. The function that is returned is called once that is over. */
  onWaiting: (filename: string, reason: string) => () => void;
  onError: (filename: string, message: string) => void;
  unfinished: UnfinishedFiles;
}

export interface FileWorker {
  process: (file: File) => void;
  useToken: (accessToken: string) => void;
  /** Ends the worker once it has done what it has. */
  finish: () => void;
}

/** Starts a Web Worker that processes files as the signed-in user and keeps their rows. */
export function startFileWorker(options: FileWorkerOptions): FileWorker {
  const { project, onWrite, onOutcome, onWaiting, onError, unfinished } = options;
  const worker = new Worker("/worker.js", { type: "module" });
  const tell = (message: ToWorker) => worker.postMessage(message);
  const waiting = new Map<number, () => void>();
  let jobs = 0;
  let { accessToken } = options;

  const endWaiting = (job: number) => {
    waiting.get(job)?.();
    waiting.delete(job);
  };

  worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
    switch (data.kind) {
      case "wrote":
        return onWrite(data.write);
      case "waiting":
        waiting.set(data.job, onWaiting(data.filename, data.reason));
        return;
      case "registered":
        endWaiting(data.job);
        unfinished.add(data.id);
        return;
      case "ended":
        unfinished.remove(data.id);
        return onOutcome(data.id, data.outcome);
      case "error":
        endWaiting(data.job);
        if (data.id) unfinished.remove(data.id);
        return onError(data.filename, data.message);
    }
  };

  worker.onerror = () => onError("The worker", "it has stopped working; reload the page.");

  // The worker ends with its page. A row that nobody works on must not look as if somebody did.
  self.addEventListener("pagehide", ({ persisted }) => {
    if (!persisted) markAbandoned(project, accessToken, unfinished.ids());
  });

  tell({ kind: "start", project, accessToken });
  return {
    process: (file) => tell({ kind: "process", job: ++jobs, file }),
    useToken: (token) => {
      accessToken = token;
      tell({ kind: "token", accessToken });
    },
    finish: () => tell({ kind: "finish" }),
  };
}

/** `keepalive` lets the request outlive the page, which supabase-js has no option for. */
function markAbandoned(project: Project, accessToken: string, ids: string[]): void {
  if (ids.length === 0) return;
  const query = `id=in.(${ids})&status=in.(${OPEN_STATUSES})`;
  void fetch(`${project.url}/rest/v1/files?${query}`, {
    method: "PATCH",
    keepalive: true,
    headers: {
      "apikey": project.publishableKey,
      "authorization": `Bearer ${accessToken}`,
      "content-type": "application/json",
    },
    body: JSON.stringify(ABANDONED),
  }).catch(() => {
    // The next page of this user tells it.
  });
}
