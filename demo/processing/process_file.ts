import { compressedSize } from "./compressed_size.ts";
import { countText, type TextCounts } from "./count_text.ts";
import { hashedVector } from "./hashed_vector.ts";
import { sha256 } from "./sha256.ts";
import { type Progress, type Stage, STAGES } from "./stage.ts";

/** What a file must offer: a `Blob` does. Every stage reads the bytes anew. */
export type FileSource = Pick<Blob, "size" | "stream">;

export interface Results extends TextCounts {
  bytes: number;
  compressedBytes: number;
  /** Feature hashes of the words, see {@linkcode hashedVector}; not a model's embedding. */
  vector: Float32Array;
  /** SHA-256 as 64 hexadecimal digits. */
  digest: string;
}

export interface ProcessFileOptions {
  /** Called when a stage begins and whenever the progress has moved. Work waits for its promise. */
  report: (step: Progress) => void | Promise<void>;
  signal?: AbortSignal;
  /** Bytes a file may have. Default: 50 MB. */
  maxBytes?: number;
}

export const MAX_BYTES = 50_000_000;

/** A file that can't be processed. Its message is meant for the file's owner. */
export class UnprocessableFileError extends Error {
  override name = "UnprocessableFileError";
}

/**
 * Takes a file through the four stages, each of which reads it once as a stream, and reports
 * progress by the bytes that are really done.
 *
 * @throws {UnprocessableFileError} The file is empty, too large, or changed on the way.
 */
export async function processFile(
  file: FileSource,
  { report, signal, maxBytes = MAX_BYTES }: ProcessFileOptions,
): Promise<Results> {
  signal?.throwIfAborted();
  if (file.size === 0) throw new UnprocessableFileError("The file is empty.");
  if (file.size > maxBytes) {
    throw new UnprocessableFileError(
      `The file is too large: ${inBytes(file.size)}, and the limit is ${inBytes(maxBytes)}.`,
    );
  }

  const read = (stage: Stage) =>
    file.stream().pipeThrough(progressMeter(stage, file.size, report), signal ? { signal } : {});

  return {
    bytes: file.size,
    ...await countText(read("extraction")),
    compressedBytes: await compressedSize(read("compression")),
    vector: await hashedVector(read("embedding")),
    digest: await sha256(read("finalization")),
  };
}

/** Passes bytes on and reports how much of all the stages' work they complete. */
function progressMeter(stage: Stage, size: number, report: ProcessFileOptions["report"]) {
  const earlier = STAGES.indexOf(stage) * size;
  let done = 0;
  let reported = -1;

  const reportProgress = async () => {
    const progress = Math.floor((earlier + done) / (STAGES.length * size) * 100);
    if (progress === reported) return;
    reported = progress;
    await report({ stage, progress });
  };
  const changed = () => new UnprocessableFileError("The file changed while it was processed.");

  return new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
    start: reportProgress,
    async transform(chunk, controller) {
      if (done + chunk.length > size) throw changed();
      controller.enqueue(chunk);
      done += chunk.length;
      await reportProgress();
    },
    flush() {
      if (done < size) throw changed();
    },
  });
}

function inBytes(count: number): string {
  return `${count.toLocaleString("en")} bytes`;
}
