import type { Outcome } from "../processing/process_and_report.ts";
import type { Write } from "../processing/write_row.ts";
import type { Project } from "./tab_client.ts";
import type { FromWorker, ToWorker } from "./worker_messages.ts";

export interface FileWorkerOptions {
  project: Project;
  accessToken: string;
  onWrite: (write: Write) => void;
  onOutcome: (id: string, outcome: Outcome) => void;
  onError: (filename: string, message: string) => void;
}

export interface FileWorker {
  process: (file: File) => void;
  useToken: (accessToken: string) => void;
  /** Ends the worker once it has done what it has. */
  finish: () => void;
}

/** Starts a Web Worker that processes files as the signed-in user and keeps their rows. */
export function startFileWorker(options: FileWorkerOptions): FileWorker {
  const { project, onWrite, onOutcome, onError } = options;
  const worker = new Worker("/worker.js", { type: "module" });
  const tell = (message: ToWorker) => worker.postMessage(message);
  const unfinished = new Set<string>();
  let { accessToken } = options;

  worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
    if (data.kind === "wrote") return onWrite(data.write);
    if (data.kind === "registered") unfinished.add(data.id);
    else if (data.id) unfinished.delete(data.id);
    if (data.kind === "ended") onOutcome(data.id, data.outcome);
    if (data.kind === "error") onError(data.filename, data.message);
  };

  worker.onerror = ({ message }) => onError("The worker", message);

  // The worker ends with its page. A row that nobody works on must not look as if somebody did.
  self.addEventListener("pagehide", ({ persisted }) => {
    if (!persisted) markAbandoned(project, accessToken, [...unfinished]);
  });

  tell({ kind: "start", project, accessToken });
  return {
    process: (file) => tell({ kind: "process", file }),
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
  const error_message = "The page was closed before the file was done.";
  void fetch(`${project.url}/rest/v1/files?id=in.(${ids})`, {
    method: "PATCH",
    keepalive: true,
    headers: {
      "apikey": project.publishableKey,
      "authorization": `Bearer ${accessToken}`,
      "content-type": "application/json",
    },
    body: JSON.stringify({ status: "failed", error_message }),
  });
}
