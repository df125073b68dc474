import type { FileState } from "../../client/protocol.ts";
import { unsignedToken, userClaims } from "../support/access_tokens.ts";
import { type HttpServer, serveHttp } from "../support/http_server.ts";

/** A stream that a test writes. */
export interface WrittenStream {
  /** The ids that were asked for; none for all files. */
  readonly fileIds: readonly string[];
  isOpen(): boolean;
  /** Sends all files. */
  snapshot(...files: FileState[]): void;
  update(file: FileState): void;
}

/** Serves the page, and the streams that it opens. */
export interface FilesServer extends HttpServer {
  readonly streams: readonly WrittenStream[];
}

/** @param html What the page's root element holds. */
export function serveFiles(script: BodyInit, html = ""): FilesServer {
  const streams: WrittenStream[] = [];
  const token = unsignedToken(userClaims(Date.now()));
  const page = `<!doctype html><html data-token="${token}"><link rel="icon" href="data:,">` +
    `<div id="root">${html}</div><script type="module" src="/page.js"></script></html>`;
  const server = serveHttp((request) => {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/") return respond(page, "text/html");
    if (pathname === "/page.js") return respond(script, "text/javascript");
    const { body, stream } = writeStream(searchParams.getAll("file_id"));
    streams.push(stream);
    return respond(body, "text/event-stream");
  });
  return { ...server, streams };
}

function writeStream(fileIds: string[]) {
  const encoder = new TextEncoder();
  let controller: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  let isOpen = true;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start: (its) => void (controller = its),
    cancel: () => void (isOpen = false),
  });
  const send = (event: object, id = "") => {
    const data = JSON.stringify({ timestamp: new Date().toISOString(), ...event });
    controller.enqueue(encoder.encode(`${id && `id: ${id}\n`}data: ${data}\n\n`));
  };
  const update = (file: FileState) => send({ eventType: "file-update", file });
  const stream: WrittenStream = {
    fileIds,
    isOpen: () => isOpen,
    snapshot(...files) {
      send({ eventType: "reset" }, "none");
      files.forEach(update);
      send({ eventType: "ready" }, "1");
    },
    update,
  };
  return { body, stream };
}

function respond(body: BodyInit, type: string): Response {
  return new Response(body, { headers: { "content-type": type } });
}

export function exampleFile(id: string, progress: number): FileState {
  return {
    id,
    filename: `${id}.txt`,
    file_type: "text/plain",
    status: "processing",
    progress,
    processing_stage: null,
    error_message: null,
    created_at: `2026-11-29T10:00:0${id}.000Z`,
    revision: progress,
  };
}
