import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { FileEvent, FileState } from "../../../client/protocol.ts";
import { unsignedToken, USER_ID, userClaims } from "../../support/access_tokens.ts";
import { type HttpServer, serveHttp } from "../../support/http_server.ts";

/** A project with two files of one user, who is signed in with `token`. */
export interface ProjectServer extends HttpServer {
  readonly token: string;
}

/**
 * Says what `docs/protocol.md` says, and serves a page at `/` that maps the names of packages to files
 * of `folder`.
 */
export function serveProject(folder: string): ProjectServer {
  const token = unsignedToken(userClaims(Date.now()));
  const server = serveHttp(async ({ url, headers }) => {
    const { pathname } = new URL(url);
    if (pathname === "/") return new Response(PAGE, { headers: { "content-type": "text/html" } });
    if (/\.js$/.test(pathname)) {
      const headers = { "content-type": "text/javascript" };
      return new Response(await readFile(join(folder, pathname)), { headers });
    }
    const isAllowed = headers.get("authorization") === `Bearer ${token}` &&
      headers.get("apikey") === "publishable";
    if (!isAllowed) return new Response(null, { status: 401 });
    return pathname === "/auth/v1/user" ? Response.json({ id: USER_ID }) : streamOfFiles();
  });
  return { ...server, token };
}

const PAGE = `<!doctype html><title>Page</title><link rel="icon" href="data:,">
<script type="importmap">${
  JSON.stringify({
    imports: {
      "eventsource-parser": "/node_modules/eventsource-parser/dist/index.js",
      "file-events": "/node_modules/file-events/client/file_events.js",
    },
  })
}</script>`;

/** A stream that stays open, as that of the function does. */
function streamOfFiles(): Response {
  const text = EVENTS.map(({ id, ...event }) => `${id ?? ""}data: ${JSON.stringify(event)}\n\n`);
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode(text.join(""))),
  });
  return new Response(body, { headers: { "content-type": "text/event-stream" } });
}

const timestamp = "2026-11-29T10:00:02.000Z";

const EVENTS: ({ id?: string } & FileEvent)[] = [
  { id: "id: none\n", eventType: "reset", timestamp },
  { eventType: "file-update", timestamp, file: exampleFile(1, "first.txt", "ready") },
  { eventType: "file-update", timestamp, file: exampleFile(2, "second.txt", "pending") },
  { id: "id: 2\n", eventType: "ready", timestamp },
];

function exampleFile(revision: number, filename: string, status: string): FileState {
  return {
    id: String(revision),
    filename,
    file_type: null,
    status,
    progress: null,
    processing_stage: null,
    error_message: null,
    created_at: `2026-11-29T10:00:0${revision}.000Z`,
    revision,
  };
}
