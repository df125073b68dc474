/// <reference no-default-lib="true" />
/// <reference lib="webworker" />
import { createClient, type SupabaseClient } from "@supabase/supabase-js";
import { limitConcurrency } from "../processing/limit_concurrency.ts";
import { processAndReport } from "../processing/process_and_report.ts";
import { registerFile } from "../processing/register_file.ts";
import type { Write } from "../processing/write_row.ts";
import type { FromWorker, ToWorker } from "./worker_messages.ts";

const FILES_AT_ONCE = 3;

const whenFree = limitConcurrency(FILES_AT_ONCE);
const underWay = new Set<Promise<void>>();
let client: SupabaseClient;
let accessToken: string;

self.onmessage = async ({ data }: MessageEvent<ToWorker>) => {
  switch (data.kind) {
    case "start":
      accessToken = data.accessToken;
      client = createClient(data.project.url, data.project.publishableKey, {
        accessToken: () => Promise.resolve(accessToken),
      });
      break;
    case "token":
      accessToken = data.accessToken;
      break;
    case "process": {
      const work = processAsUser(data).finally(() => underWay.delete(work));
      underWay.add(work);
      break;
    }
    case "finish":
      await Promise.all(underWay);
      self.close();
  }
};

async function processAsUser({ job, file }: { job: number; file: File }): Promise<void> {
  let id: string | undefined;
  let waiting = false;
  const onRetry = (reason: string) => {
    if (!waiting) tell({ kind: "waiting", job, filename: file.name, reason });
    waiting = true;
  };
  try {
    id = await registerFile(client, file, { onWrite, onRetry });
    tell({ kind: "registered", job, id });
    const row = { id, file };
    const outcome = await whenFree(() => processAndReport(client, row, { onWrite }));
    tell({ kind: "ended", id, outcome });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    tell({ kind: "error", job, filename: file.name, message, ...(id && { id }) });
  }
}

function onWrite(write: Write): void {
  tell({ kind: "wrote", write });
}

function tell(message: FromWorker): void {
  self.postMessage(message);
}
