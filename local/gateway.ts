import { parseFault } from "./realtime/faults.ts";
import type { Realtime } from "./realtime/realtime.ts";

/** Answers a request; what it throws becomes a 500 in one place, {@link createGateway}. */
export type Handler = (request: Request) => Response | Promise<Response>;

/** What stands behind the gateway. */
export interface Services {
  restAndAuth: Handler;
  realtime: Realtime;
  /** Where the function listens, or undefined while it does not run. */
  functionUrl: () => string | undefined;
  /** Everything that is not Supabase's. */
  page: Handler;
}

/** The URL layout of the Supabase stack. */
export function createGateway(services: Services): Handler {
  return (request) => {
    const { pathname } = new URL(request.url);
    if (/^\/(auth|rest)\/v1(\/|$)/.test(pathname)) {
      return withCors(request, services.restAndAuth);
    }
    if (pathname === "/realtime/v1/websocket") {
      return request.headers.get("upgrade")?.toLowerCase() === "websocket"
        ? services.realtime.upgrade(request)
        : failure(426, "UPGRADE_REQUIRED", "Realtime answers WebSocket upgrades only");
    }
    if (/^\/functions\/v1\/file-events(\/|$)/.test(pathname)) {
      return callFunction(request, services.functionUrl());
    }
    if (pathname === "/_local/realtime") return breakRealtime(request, services.realtime);
    return services.page(request);
  };
}

/** Browsers call a Supabase project from other origins: its gateway allows all of them. */
async function withCors(request: Request, handler: Handler): Promise<Response> {
  const asked = request.headers.get("access-control-request-headers");
  if (request.method === "OPTIONS" && request.headers.has("access-control-request-method")) {
    return new Response(null, {
      headers: {
        "access-control-allow-origin": "*",
        "access-control-allow-methods": "GET,HEAD,PUT,PATCH,POST,DELETE,OPTIONS",
        "access-control-allow-headers": asked ?? "*",
        "access-control-max-age": "3600",
      },
    });
  }
  const response = await handler(request);
  response.headers.set("access-control-allow-origin", "*");
  return response;
}

/** The response passes through unread, so a stream streams, and a disconnect reaches the function. */
async function callFunction(request: Request, functionUrl: string | undefined): Promise<Response> {
  const { pathname, search } = new URL(request.url);
  if (functionUrl === undefined) {
    return failure(503, "FUNCTION_UNAVAILABLE", "The function is not running; see its log");
  }
  try {
    return await fetch(new URL(pathname.slice("/functions/v1".length) + search, functionUrl), {
      method: request.method,
      headers: request.headers,
      body: request.body,
      redirect: "manual",
    });
  } catch (cause) {
    return failure(503, "FUNCTION_UNAVAILABLE", `The function did not answer: ${cause}`);
  }
}

async function breakRealtime(request: Request, realtime: Realtime): Promise<Response> {
  if (request.method === "GET") return Response.json(realtime.counts());
  if (request.method !== "POST") {
    return failure(405, "METHOD_NOT_ALLOWED", "GET and POST are allowed", { allow: "GET, POST" });
  }
  // JSON needs a preflight, which is not answered here: other sites can't break this stack.
  if (!request.headers.get("content-type")?.startsWith("application/json")) {
    return failure(400, "INVALID_FAULT", "Send the fault as application/json");
  }
  try {
    realtime.fault(parseFault(await request.json()));
    return Response.json(realtime.counts());
  } catch (error) {
    return failure(400, "INVALID_FAULT", (error as Error).message);
  }
}

function failure(status: number, code: string, error: string, headers?: HeadersInit): Response {
  return Response.json({ error, code }, { status, ...(headers ? { headers } : {}) });
}
