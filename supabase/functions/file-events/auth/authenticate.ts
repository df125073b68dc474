import type { AuthError, JWK, SupabaseClient } from "@supabase/supabase-js";
import { inspectAccessToken, type TokenClaims } from "./access_token.ts";
import type { Clock } from "../clock.ts";
import { createLimiter } from "../limiter.ts";
import { HttpError } from "../http/http_error.ts";

/** A signed-in user whose token has been verified. */
export interface Caller extends Omit<TokenClaims, "keyId"> {
  readonly token: string;
}

/** Verifies an access token; rejects with an {@linkcode HttpError}. */
export type Authenticate = (token: string) => Promise<Caller>;

export interface AuthenticateOptions {
  /** The project's public keys as the platform hands them over; more are fetched when needed. */
  readonly keys: readonly JWK[];
  readonly clock: Pick<Clock, "now">;
}

/** Verifications that ask the Auth server at the same time, and those that wait for it in all. */
const MAX_REQUESTS = 100;
const MAX_WAITING = 1000;

/**
 * Verifies tokens with Supabase Auth: ES256 and RS256 against the project's public keys, HS256 by
 * asking it.
 *
 * The tokens' issuer is not checked against `SUPABASE_URL`, which is an internal address on a
 * local stack; the signature binds a token to its project.
 *
 * Rejects with `AUTH_INVALID` or `AUTH_EXPIRED`, `UPSTREAM_UNAVAILABLE` if Auth can't be asked,
 * and `OVERLOADED` if 1,000 wait for it. A token whose key is known waits for nobody.
 */
export function createAuthenticate(
  auth: Pick<SupabaseClient["auth"], "getClaims">,
  { keys, clock }: AuthenticateOptions,
): Authenticate {
  const jwks = { keys: [...keys] };
  const limit = createLimiter(MAX_REQUESTS);
  let waiting = 0;

  async function verify(token: string): Promise<void> {
    const { data, error } = await auth.getClaims(token, { jwks }).catch(explain);
    if (!data) throw refusal(error);
  }

  async function verifyInTurn(token: string): Promise<void> {
    if (waiting >= MAX_WAITING) {
      throw new HttpError("OVERLOADED", "Too many streams are being opened; try again soon");
    }
    waiting++;
    await limit(() => verify(token)).finally(() => waiting--);
  }

  return async (token) => {
    const { keyId, ...claims } = inspectAccessToken(token, clock.now());
    const isKeyKnown = keyId !== null && keys.some(({ kid }) => kid === keyId);
    await (isKeyKnown ? verify(token) : verifyInTurn(token));
    return { ...claims, token };
  };
}

/** WebCrypto throws on a token whose `alg` does not go with the key that its `kid` names. */
function explain(error: unknown): never {
  throw error instanceof DOMException || error instanceof TypeError ? invalid(error) : error;
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
