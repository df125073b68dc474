import type { Outcome } from "../processing/process_and_report.ts";
import type { Write } from "../processing/write_row.ts";
import type { Project } from "./tab_client.ts";

/** What the page tells its worker. */
export type ToWorker =
  | { kind: "start"; project: Project; accessToken: string }
  | { kind: "token"; accessToken: string }
  | { kind: "process"; job: number; file: File }
  /** Finish what was begun, then end. */
  | { kind: "finish" };

/** What the worker tells its page. Progress isn't among it: that comes with the stream. */
export type FromWorker =
  /** The file has no row yet, since Supabase can't be told; the worker goes on trying. */
  | { kind: "waiting"; job: number; filename: string; reason: string }
  | { kind: "registered"; job: number; id: string }
  | { kind: "wrote"; write: Write }
  | { kind: "ended"; id: string; outcome: Outcome }
  | { kind: "error"; job: number; filename: string; message: string; id?: string };
