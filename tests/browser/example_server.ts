import type { Stack } from "../../local/stack.ts";
import { serveHttp } from "../support/http_server.ts";
import { passOn } from "../support/pass_on.ts";

/** Serves an example of the documentation on a stack, and can answer in place of the function. */
export interface ExampleServer extends AsyncDisposable {
  url: string;
  /** URLs of all requests for a stream, in order. */
  streams: URL[];
  /** How many new tokens were asked for with a refresh token. */
  refreshes(): number;
  /** Answers the next requests for a stream: with a status, or with a stream that ends at once. */
  answerNext(...answers: (number | string)[]): void;
}

export function startExampleServer(stack: Stack, script: BodyInit): ExampleServer {
  const streams: URL[] = [];
  const answers: (number | string)[] = [];
  let refreshes = 0;

  const server = serveHttp(async (request) => {
    const asked = new URL(request.url);
    const { pathname, searchParams } = asked;
    if (pathname === "/") return respond(PAGE, "text/html");
    if (pathname === "/example.js") return respond(script, "text/javascript");
    if (searchParams.get("grant_type") === "refresh_token") {
      refreshes++;
      await nextSecond();
    }
    if (pathname.endsWith("/file-events")) {
      streams.push(asked);
      const answer = answers.shift();
      if (typeof answer === "number") return new Response(null, { status: answer });
      if (answer !== undefined) return respond(answer, "text/event-stream");
    }
    return await passOn(request, stack.url);
  });
  return {
    ...server,
    streams,
    refreshes: () => refreshes,
    answerNext: (...next) => void answers.push(...next),
  };
}

/** Auth gives the same token twice if it is asked twice in a second. */
function nextSecond(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1_000 - Date.now() % 1_000));
}

const PAGE =
  '<!doctype html><link rel="icon" href="data:,"><script type="module" src="/example.js"></script>';

function respond(body: BodyInit, type: string): Response {
  return new Response(body, { headers: { "content-type": type } });
}
