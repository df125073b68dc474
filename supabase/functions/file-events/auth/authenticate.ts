import type { AuthError, SupabaseClient } from "@supabase/supabase-js";
import { inspectAccessToken, type TokenClaims } from "./access_token.ts";
import type { Clock } from "../clock.ts";
import { HttpError } from "../http/http_error.ts";

/** A signed-in user whose token has been verified. */
export interface Caller extends TokenClaims {
  readonly token: string;
}

/** Verifies an access token; rejects with an {@linkcode HttpError}. */
export type Authenticate = (token: string) => Promise<Caller>;

/** Verifications in flight: an HS256 token, or a key that is not cached, costs a request to Auth. */
const MAX_VERIFICATIONS = 100;

/**
 * Verifies tokens with Supabase Auth: ES256 and RS256 against its cached public keys, HS256 by
 * asking it.
 *
 * The tokens' issuer is not checked against `SUPABASE_URL`, which is an internal address on a
 * local stack; the signature binds a token to its project.
 *
 * Rejects with `AUTH_INVALID` or `AUTH_EXPIRED`, `UPSTREAM_UNAVAILABLE` if Auth can't be asked,
 * and `OVERLOADED` above 100 verifications in flight.
 */
export function createAuthenticate(
  auth: Pick<SupabaseClient["auth"], "getClaims">,
  clock: Pick<Clock, "now">,
): Authenticate {
  let inFlight = 0;
  return async (token) => {
    const claims = inspectAccessToken(token, clock.now());
    if (inFlight >= MAX_VERIFICATIONS) {
      throw new HttpError("OVERLOADED", "Too many streams are being opened; try again soon");
    }
    inFlight++;
    try {
      const { data, error } = await auth.getClaims(token);
      if (!data) throw refusal(error);
      return { ...claims, token };
    } catch (error) {
      // WebCrypto throws on a token whose `alg` does not go with the key that its `kid` names.
      throw error instanceof HttpError ? error : invalid(error);
    } finally {
      inFlight--;
    }
  };
}

/** Tells a token that Auth refused from an Auth server that could not judge it. */
function refusal(error: AuthError | null): HttpError {
  // Auth's own answers have a code. Others are a gateway's, about the key that the function uses or
  // a route that is missing, and no fault of the caller's.
  const judged = error?.code !== undefined && [400, 401, 403, 404].includes(error.status ?? 0);
  // The session that the token names has ended; supabase-js drops the code here.
  const ended = error?.name === "AuthSessionMissingError";
  if (error === null || judged || ended) return invalid(error);
  return new HttpError("UPSTREAM_UNAVAILABLE", "The Auth server can't be reached; try again soon", {
    cause: error,
  });
}

function invalid(cause: unknown): HttpError {
  return new HttpError("AUTH_INVALID", "The access token is not valid", { cause });
}
