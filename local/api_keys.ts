import { type Claims, signToken, TokenRefused, verifyToken } from "./realtime/token.ts";

/** Fixed, because they protect nothing: the stack listens on this machine only. */
export const publishableKey = "sb_publishable_local";
export const secretKey = "sb_secret_local";
export const jwtSecret = "super-secret-jwt-token-with-at-least-32-characters-long";

/** 2050-01-01, in Unix seconds. */
const NEVER = 2_524_608_000;
const roles: Record<string, string> = { [publishableKey]: "anon", [secretKey]: "service_role" };

/** The keys' older form: tokens of the roles `anon` and `service_role`. */
export function legacyKey(key: string): Promise<string> {
  return signToken({ iss: "supabase-local", role: roles[key], exp: NEVER }, jwtSecret);
}

/** Claims of an access token or an API key of either form; throws {@link TokenRefused}. */
export function verifyKeyOrToken(token: string): Promise<Claims> {
  const role = roles[token];
  if (role) return Promise.resolve({ role, exp: NEVER });
  return verifyToken(token, { secret: jwtSecret, now: Date.now() });
}

/** The `sb_…` key for an API key of either form, or undefined if it is neither. */
export async function currentKey(key: string): Promise<string | undefined> {
  if (key in roles) return key;
  try {
    const { role, sub } = await verifyKeyOrToken(key);
    return sub ? undefined : Object.keys(roles).find((candidate) => roles[candidate] === role);
  } catch (refused) {
    if (refused instanceof TokenRefused) return undefined;
    throw refused;
  }
}
