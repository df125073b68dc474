import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path/posix";
import { type HttpServer, serveHttp } from "../support/http_server.ts";

const TYPES: Record<string, string> = {
  ".css": "text/css",
  ".html": "text/html",
  ".js": "text/javascript",
};

/** A server of static files. */
export function serveFolder(folder: string): HttpServer {
  return serveHttp(async ({ url }) => {
    const { pathname } = new URL(url);
    const path = normalize(pathname.endsWith("/") ? `${pathname}index.html` : pathname);
    try {
      const type = TYPES[extname(path)] ?? "application/octet-stream";
      return new Response(await readFile(join(folder, path)), {
        headers: { "content-type": type },
      });
    } catch {
      return new Response(null, { status: 404 });
    }
  });
}
