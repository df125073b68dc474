import type { AuthError, SupabaseClient } from "@supabase/supabase-js";
import { compactVerify } from "jose/jws/compact/verify";
import { AuthenticationError } from "./authentication_error.ts";
import type { Caller } from "../stream/caller.ts";
import type { Clock } from "../clock.ts";
import { createLimiter } from "../limiter.ts";
import type { SigningKeys } from "./signing_keys.ts";
import { readTokenClaims } from "./token_claims.ts";

/** The client that sent the token, for example a `Request`. Its signal aborts when it leaves. */
export interface Client {
  readonly signal: Pick<AbortSignal, "aborted">;
}

/**
 * Verifies an access token. Rejects with an {@linkcode AuthenticationError}, or with an
 * `AbortError` if the client left while it waited for Auth.
 */
export type Authenticate = (token: string, client?: Client) => Promise<Caller>;

export interface AuthenticateOptions {
  readonly signingKeys: SigningKeys;
  readonly clock: Pick<Clock, "now">;
}

/** How many requests to the Auth server run at the same time. */
const MAX_REQUESTS = 100;
/** How many verifications wait for the Auth server, including those whose request is running. */
const MAX_WAITING = 1000;

/**
 * Creates a function that verifies tokens of Supabase Auth. Tokens signed with ES256 or RS256 are
 * verified with the project's public keys. For a token signed with HS256, Auth is asked.
 *
 * The issuer of a token is not compared with `SUPABASE_URL`, because that is an internal address on
 * a local stack. The signature proves that the token belongs to the project.
 *
 * The function rejects with `AUTH_INVALID` or `AUTH_EXPIRED`, with `UPSTREAM_UNAVAILABLE` if Auth
 * can't be reached, and with `OVERLOADED` if 1,000 tokens wait for Auth. A token whose key is known
 * never waits.
 */
export function createAuthenticate(
  auth: Pick<SupabaseClient["auth"], "getUser">,
  { signingKeys, clock }: AuthenticateOptions,
): Authenticate {
  const limit = createLimiter(MAX_REQUESTS);
  /**
   * One entry for each verification that waits. `client` is set only if the verification must wait
   * for a request to Auth, and only until that request begins.
   */
  const places = new Set<{ client?: Client | undefined }>();

  async function verifySignature(token: string, keyId: string): Promise<void> {
    const keys = await signingKeys(keyId).catch(unreachable);
    const key = keys.find(({ kid }) => kid === keyId);
    if (!key) throw invalid(new Error("The project has no such key"));
    try {
      // jose imports a key once, as long as it is the same object.
      await compactVerify(token, key);
    } catch (error) {
      // Also if the token's `alg` does not match the key.
      throw invalid(error);
    }
  }

  async function askAuth(token: string): Promise<void> {
    const { data, error } = await auth.getUser(token);
    if (!data.user) throw refusal(error);
  }

  /**
   * Asks Auth about a token, 100 tokens at a time. If a client leaves while it waits, its place
   * becomes free.
   */
  async function askAuthInTurn(token: string, client: Client | undefined): Promise<void> {
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
    // Deno notices that a client has left only if the signal was read before. The signal is read
    // only when needed, because Deno 2.9 then prints a notice.
    void place.client?.signal;
    places.add(place);
    const ask = () => {
      if (place.client?.signal.aborted) throw new DOMException("The client has left", "AbortError");
      place.client = undefined;
      return askAuth(token);
    };
    await limit(ask).finally(() => places.delete(place));
  }

  return async (token, client) => {
    const { keyId, ...claims } = readTokenClaims(token, clock.now());
    await (keyId === null ? askAuthInTurn(token, client) : verifySignature(token, keyId));
    return { ...claims, token };
  };
}

function unreachable(cause: unknown): never {
  throw new AuthenticationError(
    "UPSTREAM_UNAVAILABLE",
    "The Auth server can't be reached; try again soon",
    { cause },
  );
}

/** Decides whether Auth refused the token or could not judge it. */
function refusal(error: AuthError | null): AuthenticationError {
  // Only Auth's own answers have a code. Other answers come from a gateway. They concern the key
  // that the function uses or a missing route, so the caller is not at fault.
  const judged = error?.code !== undefined && [400, 401, 403, 404].includes(error.status ?? 0);
  // The session that the token names has ended. supabase-js drops the code in this case.
  const ended = error?.name === "AuthSessionMissingError";
  if (error === null || judged || ended) return invalid(error);
  return unreachable(error);
}

function invalid(cause: unknown): AuthenticationError {
  return new AuthenticationError("AUTH_INVALID", "The access token is not valid", { cause });
}
