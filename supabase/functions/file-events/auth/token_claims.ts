import { AuthenticationError } from "./authentication_error.ts";
import type { Caller } from "../stream/caller.ts";
import { isUuid } from "../uuid.ts";

/** What a token claims. None of it is verified yet. */
export interface TokenClaims extends Omit<Caller, "token"> {
  /** The id of the key that signed the token (`kid`), `null` for HS256. */
  readonly keyId: string | null;
}

/**
 * Claims that say when and how a token was issued. They do not grant anything, so they are not part
 * of a caller's rights. `file_changes_since` leaves out the same ones.
 */
const CLAIMS_OF_ISSUE = new Set(["exp", "iat", "nbf", "jti", "session_id", "amr"]);

/** Access tokens of Supabase Auth are much shorter. */
const MAX_TOKEN_LENGTH = 8192;

/**
 * A token that expires sooner than this counts as expired, in milliseconds, because it could expire
 * while the stream is set up.
 */
const MIN_TOKEN_LIFE_MS = 30_000;

/** Most tokens have no other characters. They need not be decoded, which costs more than parsing. */
const ASCII = /^[\0-\x7f]*$/;

/** The algorithms that Supabase Auth signs with. */
const ALGORITHMS = new Set(["HS256", "RS256", "ES256"]);

/**
 * Reads a token's claims. It refuses what can't be a signed-in user's token, so that the Auth
 * server is not asked about it.
 *
 * @param now Milliseconds since the Unix epoch.
 * @throws {AuthenticationError} `AUTH_INVALID`, or `AUTH_EXPIRED` if `exp` is past or within 30 s.
 */
export function readTokenClaims(token: string, now: number): TokenClaims {
  if (token.length > MAX_TOKEN_LENGTH) throw invalid("The access token is too long");
  const parts = token.split(".");
  const header = parseSegment(parts[0]);
  const claims = parseSegment(parts[1]);
  if (parts.length !== 3 || !header || !claims || !parts[2]) {
    throw invalid("The access token is not a JSON Web Token");
  }
  if (typeof header.alg !== "string" || !ALGORITHMS.has(header.alg)) {
    throw invalid("The access token is not signed with a supported algorithm");
  }
  const { alg, kid } = header;
  if (kid !== undefined && kid !== null && typeof kid !== "string") {
    throw invalid("The access token names its key by something else than text");
  }
  const { sub, exp, role } = claims;
  if (role !== "authenticated" || !isUuid(sub)) {
    throw invalid("The access token is not a signed-in user's");
  }
  if (typeof exp !== "number" || !Number.isFinite(exp)) {
    throw invalid("The access token has no expiry");
  }
  const expiresAt = exp * 1000;
  if (expiresAt - now < MIN_TOKEN_LIFE_MS) {
    throw new AuthenticationError(
      "AUTH_EXPIRED",
      "The access token has expired or is about to; refresh it",
    );
  }
  return {
    keyId: alg === "HS256" ? null : kid ?? null,
    userId: sub.toLowerCase(),
    expiresAt,
    rights: rightsOf(claims),
  };
}

function rightsOf(claims: Record<string, unknown>): string {
  const granted = Object.entries(claims).filter(([name]) => !CLAIMS_OF_ISSUE.has(name));
  return JSON.stringify(granted.sort(([a], [b]) => a < b ? -1 : 1));
}

function parseSegment(segment: string | undefined): Record<string, unknown> | undefined {
  if (!segment || !/^[\w-]+$/.test(segment)) return;
  try {
    const binary = atob(segment.replaceAll("-", "+").replaceAll("_", "/"));
    const value: unknown = JSON.parse(ASCII.test(binary) ? binary : decodeUtf8(binary));
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    // It is not a token, because it is not base64, not UTF-8 or not JSON.
  }
}

/** The text of bytes that are given as the characters of a string. Throws if it is not UTF-8. */
function decodeUtf8(binary: string): string {
  const bytes = Uint8Array.from(binary, (character) => character.charCodeAt(0));
  return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}

function invalid(message: string): AuthenticationError {
  return new AuthenticationError("AUTH_INVALID", message);
}
