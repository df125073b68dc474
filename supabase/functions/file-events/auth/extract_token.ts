import { AuthenticationError } from "./authentication_error.ts";

/**
 * Takes the access token from the `Authorization` header or, because a native EventSource can't set
 * headers, from the `access_token` parameter. The header wins.
 *
 * @throws {AuthenticationError} `AUTH_REQUIRED` if there is none, `AUTH_INVALID` if the header holds
 * something else.
 */
export function extractToken(headers: Headers, parameters: URLSearchParams): string {
  const token = extractBearerToken(headers) ?? parameters.get("access_token")?.trim();
  if (!token) throw new AuthenticationError("AUTH_REQUIRED", "Authentication required");
  return token;
}

/**
 * The token of the `Authorization` header. An empty header counts as none, because Supabase's own
 * gateway adds one where there was none.
 *
 * @throws {AuthenticationError} `AUTH_INVALID` if the header holds something else.
 */
export function extractBearerToken(headers: Headers): string | undefined {
  const header = headers.get("Authorization")?.trim();
  if (!header) return;
  const [scheme = "", token, ...rest] = header.split(/\s+/);
  if (scheme.toLowerCase() !== "bearer" || rest.length > 0) {
    throw new AuthenticationError(
      "AUTH_INVALID",
      "The Authorization header must be 'Bearer <token>'",
    );
  }
  return token;
}
