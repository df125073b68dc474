import type { AuthError, SupabaseClient } from "@supabase/supabase-js";
import { AuthenticationError } from "./authentication_error.ts";
import type { Caller } from "../stream/caller.ts";
import type { Clock } from "../clock.ts";
import { createLimiter } from "../limiter.ts";
import type { SigningKeys } from "./signing_keys.ts";
import { readTokenClaims } from "./token_claims.ts";

/** Who sent the token; a `Request` is one. Its signal aborts when the client leaves. */
export interface Client {
  readonly signal: Pick<AbortSignal, "aborted">;
}

/**
 * Verifies an access token. Rejects with an {@linkcode AuthenticationError}, or with an `AbortError` if the
 * client has left while it waited for Auth.
 */
export type Authenticate = (token: string, client?: Client) => Promise<Caller>;

export interface AuthenticateOptions {
  readonly signingKeys: SigningKeys;
  readonly clock: Pick<Clock, "now">;
}

/** Requests to the Auth server at the same time. */
const MAX_REQUESTS = 100;
/** Verifications that wait for the Auth server, those that it is asked about included. */
const MAX_WAITING = 1000;

/**
 * Verifies tokens with Supabase Auth: ES256 and RS256 against the project's public keys, HS256 by
 * asking it.
 *
 * The tokens' issuer is not checked against `SUPABASE_URL`, which is an internal address on a
 * local stack; the signature binds a token to its project.
 *
 * Rejects with `AUTH_INVALID` or `AUTH_EXPIRED`, with `UPSTREAM_UNAVAILABLE` if Auth can't be
 * asked, and with `OVERLOADED` if 1,000 tokens wait for it. A token whose key is known never waits.
 */
export function createAuthenticate(
  auth: Pick<SupabaseClient["auth"], "getClaims">,
  { signingKeys, clock }: AuthenticateOptions,
): Authenticate {
  const limit = createLimiter(MAX_REQUESTS);
  /** One for each verification that waits. `client` is set until its request to Auth begins. */
  const places = new Set<{ client?: Client | undefined }>();

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

  /** A client that leaves while it waits gives up its place. */
  async function verifyInTurn(token: string, client: Client | undefined): Promise<void> {
    if (places.size >= MAX_WAITING) {
      for (const place of places) if (place.client?.signal.aborted) places.delete(place);
    }
    if (places.size >= MAX_WAITING) {
      throw new AuthenticationError(
        "OVERLOADED",
        "Too many streams are being opened; try again soon",
      );
    }
    const mustWait = places.size >= MAX_REQUESTS;
    const place = { client: mustWait ? client : undefined };
    // Deno notices that a client has left only if the signal was read before. Reading it makes
    // Deno 2.9 print a notice, so it is not read without need.
    void place.client?.signal;
    places.add(place);
    const ask = () => {
      if (place.client?.signal.aborted) throw new DOMException("The client has left", "AbortError");
      place.client = undefined;
      return verify(token, null);
    };
    await limit(ask).finally(() => places.delete(place));
  }

  return async (token, client) => {
    const { keyId, ...claims } = readTokenClaims(token, clock.now());
    await (keyId === null ? verifyInTurn(token, client) : verify(token, keyId));
    return { ...claims, token };
  };
}

function unreachable(cause: unknown): never {
  throw new AuthenticationError(
    "UPSTREAM_UNAVAILABLE",
    "The Auth server can't be reached; try again soon",
    {
      cause,
    },
  );
}

/** WebCrypto throws on a token whose `alg` does not go with the key that its `kid` names. */
function explain(error: unknown): never {
  throw error instanceof DOMException || error instanceof TypeError ? invalid(error) : error;
}

/** Tells a token that Auth refused from an Auth server that could not judge it. */
function refusal(error: AuthError | null): AuthenticationError {
  // Auth's own answers have a code. Others are a gateway's, about the key that the function uses or
  // a route that is missing, and no fault of the caller's.
  const judged = error?.code !== undefined && [400, 401, 403, 404].includes(error.status ?? 0);
  // The session that the token names has ended; supabase-js drops the code here.
  const ended = error?.name === "AuthSessionMissingError";
  if (error === null || judged || ended) return invalid(error);
  return unreachable(error);
}

function invalid(cause: unknown): AuthenticationError {
  return new AuthenticationError("AUTH_INVALID", "The access token is not valid", { cause });
}
