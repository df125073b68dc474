import { basename, extname } from "node:path";
import type { FileSource } from "./processing/process_file.ts";
import type { NamedFile } from "./processing/register_file.ts";

/**
 * Opens a file of this machine for processing; its bytes stay on disk until they are read.
 *
 * @throws {Error} There is no such file, or it isn't a regular one.
 */
export async function localFile(path: string): Promise<NamedFile & FileSource> {
  const info = await Deno.stat(path).catch((cause) => {
    throw new Error(reasonOf(path, cause), { cause });
  });
  if (info.isDirectory) throw new Error("is a directory; name the files in it");
  if (!info.isFile) throw new Error("is not a regular file");
  return {
    name: basename(path),
    type: MEDIA_TYPES[extname(path).toLowerCase()] ?? "",
    size: info.size,
    stream: () => Deno.openSync(path).readable,
  };
}

function reasonOf(path: string, cause: unknown): string {
  if (cause instanceof Deno.errors.NotFound) {
    // What is not UTF-8 in an argument arrives as U+FFFD.
    return path.includes("\ufffd")
      ? "no such file; one whose name is not UTF-8 can't be opened, rename it"
      : "no such file";
  }
  if (cause instanceof Deno.errors.PermissionDenied) return "permission denied";
  return `cannot be read: ${cause instanceof Error ? cause.message : cause}`;
}

const MEDIA_TYPES: Record<string, string> = {
  ".csv": "text/csv",
  ".html": "text/html",
  ".jpg": "image/jpeg",
  ".json": "application/json",
  ".md": "text/markdown",
  ".pdf": "application/pdf",
  ".png": "image/png",
  ".txt": "text/plain",
  ".xml": "application/xml",
  ".zip": "application/zip",
};
