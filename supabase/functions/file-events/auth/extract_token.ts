import { AuthenticationError } from "./authentication_error.ts";

/**
 * Takes the access token from the `Authorization` header or, because a native EventSource can't set
 * headers, from the `access_token` parameter. The header wins.
 *
 * @throws {AuthenticationError} `AUTH_REQUIRED` if there is no token, `AUTH_INVALID` if the header
 * has another form.
 */
export function extractToken(headers: Headers, parameters: URLSearchParams): string {
  const token = extractBearerToken(headers) ?? parameters.get("access_token")?.trim();
  if (!token) throw new AuthenticationError("AUTH_REQUIRED", "Authentication required");
  return token;
}

/**
 * Takes the token from the `Authorization` header. An empty header counts as no header, because
 * Supabase's gateway adds an empty one if the request has none.
 *
 * @throws {AuthenticationError} `AUTH_INVALID` if the header has another form.
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
