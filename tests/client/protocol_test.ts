import assert from "node:assert/strict";
import type { ClosingReason, FileState } from "../../client/protocol.ts";
import type { FileState as SentFile } from "../../supabase/functions/file-events/stream/file_change.ts";
import type { EndReason } from "../../supabase/functions/file-events/stream/lifetime.ts";

/** Whether values of one type are values of the other. The compiler refuses what is not so. */
type Fits<One extends Other, Other> = One;

/** The reasons that the client's type names, without the text that stands for any other. */
type KnownReason = ClosingReason extends infer Reason
  ? Reason extends string ? string extends Reason ? never : Reason : never
  : never;

const PROTOCOL = new URL("../../docs/protocol.md", import.meta.url);

Deno.test("the client's types are those that the function sends, and that the protocol describes", async () => {
  const page = await Deno.readTextFile(PROTOCOL);
  const file: Fits<Fits<SentFile, FileState>, SentFile> = {
    id: "",
    filename: null,
    file_type: null,
    status: null,
    progress: null,
    processing_stage: null,
    error_message: null,
    created_at: null,
    revision: 1,
  };
  const back: Fits<FileState, SentFile> = file;
  for (const field of Object.keys(back)) assert.match(page, new RegExp(`^\\| \`${field}\``, "m"));
  const reasons: Record<
    Fits<KnownReason, Exclude<EndReason, "cancelled" | "answered"> | "busy">,
    true
  > = {
    "token-expired": true,
    "max-duration": true,
    "resync": true,
    "shutdown": true,
    "slow-consumer": true,
    "busy": true,
    "setup-required": true,
  };
  const end = page.split("\n## The end of a stream\n")[1]!.split("\n## ")[0]!;
  const described = [...end.matchAll(/^\| `([a-z-]+)`/gm)].map(([, reason]) => reason);
  assert.deepEqual(described, ["reason", ...Object.keys(reasons)], "with the head of the table");
});
