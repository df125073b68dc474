import { serveHttp } from "../../support/http_server.ts";
import type { SigningKey } from "../../support/access_tokens.ts";

/** Plays Supabase Auth, as far as tokens are verified with it. */
export interface AuthServer extends AsyncDisposable {
  readonly url: string;
  /** `METHOD /path` of each request. */
  readonly requests: string[];
  /** The last request's headers. */
  readonly headers: Headers;
}

/**
 * @param options.keys What its JWKS lists.
 * @param options.user Answers `/auth/v1/user`, which judges HS256 tokens.
 * @param options.jwks Answers in place of the JWKS.
 */
export function serveAuth(
  options: {
    keys?: SigningKey[];
    user?: (token: string) => Response | Promise<Response>;
    jwks?: () => Response | Promise<Response>;
  } = {},
): AuthServer {
  const requests: string[] = [];
  let headers = new Headers();
  const server = serveHttp((request) => {
    const { pathname } = new URL(request.url);
    requests.push(`${request.method} ${pathname}`);
    headers = new Headers(request.headers);
    const token = headers.get("Authorization")?.replace("Bearer ", "") ?? "";
    if (pathname === "/auth/v1/user") return options.user?.(token) ?? refuseToken();
    return options.jwks?.() ?? Response.json({ keys: options.keys?.map((key) => key.jwk) ?? [] });
  });
  return {
    url: server.url,
    requests,
    get headers() {
      return headers;
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** Auth's answer to a token that it didn't sign. */
function refuseToken(): Response {
  const msg = "invalid JWT: unable to parse or verify signature, token signature is invalid";
  return Response.json({ code: 403, error_code: "bad_jwt", msg }, { status: 403 });
}
