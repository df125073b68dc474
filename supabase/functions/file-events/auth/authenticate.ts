import type { AuthError, SupabaseClient } from "@supabase/supabase-js";
import { inspectAccessToken, type TokenClaims } from "./access_token.ts";
import type { SigningKeys } from "./signing_keys.ts";
import type { Clock } from "../clock.ts";
import { createLimiter } from "../limiter.ts";
import { HttpError } from "../http/http_error.ts";

/** A signed-in user whose token has been verified. */
export interface Caller extends Omit<TokenClaims, "keyId"> {
  readonly token: string;
}

/**
 * Verifies an access token; rejects with an {@linkcode HttpError}.
 *
 * @param options.signal Aborted once the client has left: it gives up its place in the queue.
 */
export type Authenticate = (
  token: string,
  options?: { readonly signal?: Pick<AbortSignal, "aborted"> },
) => Promise<Caller>;

export interface AuthenticateOptions {
  readonly signingKeys: SigningKeys;
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
  { signingKeys, clock }: AuthenticateOptions,
): Authenticate {
  const limit = createLimiter(MAX_REQUESTS);
  /** What those who wait for Auth listen to. */
  const waiting = new Set<Pick<AbortSignal, "aborted">>();

  async function verify(token: string, keyId: string | null): Promise<void> {
    const keys = keyId === null ? [] : await signingKeys(keyId).catch(unreachable);
    // Without its key, supabase-js would ask Auth about the token, twice.
    if (keyId !== null && !keys.some(({ kid }) => kid === keyId)) {
      throw invalid(new Error("The project has no such key"));
    }
    const { data, error } = await auth.getClaims(token, { jwks: { keys: [...keys] } })
      .catch(explain);
    if (!data) throw refusal(error);
  }

  /** Looks at the signal instead of listening to it, which would print a notice in Deno 2.9. */
  async function verifyInTurn(token: string, signal: Pick<AbortSignal, "aborted">): Promise<void> {
    if (waiting.size >= MAX_WAITING) {
      for (const other of waiting) if (other.aborted) waiting.delete(other);
    }
    if (waiting.size >= MAX_WAITING) throw overloaded();
    const place = {
      get aborted() {
        return signal.aborted;
      },
    };
    waiting.add(place);
    await limit(() => signal.aborted ? Promise.reject(overloaded()) : verify(token, null))
      .finally(() => waiting.delete(place));
  }

  return async (token, { signal = { aborted: false } } = {}) => {
    const { keyId, ...claims } = inspectAccessToken(token, clock.now());
    await (keyId === null ? verifyInTurn(token, signal) : verify(token, keyId));
    return { ...claims, token };
  };
}

function overloaded(): HttpError {
  return new HttpError("OVERLOADED", "Too many streams are being opened; try again soon");
}

function unreachable(cause: unknown): never {
  throw new HttpError("UPSTREAM_UNAVAILABLE", "The Auth server can't be reached; try again soon", {
    cause,
  });
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
  return unreachable(error);
}

function invalid(cause: unknown): HttpError {
  return new HttpError("AUTH_INVALID", "The access token is not valid", { cause });
}
