import { jwtSecret } from "./api_keys.ts";
import { signToken } from "./realtime/token.ts";

/** An access token of the local Auth server that lasts `seconds` (an hour), with these claims. */
export function mintToken(
  sub: string,
  { seconds = 3600, secret = jwtSecret, ...claims }:
    & { seconds?: number; secret?: string }
    & Record<string, unknown> = {},
): Promise<string> {
  const exp = Math.floor(Date.now() / 1000) + seconds;
  return signToken({ sub, role: "authenticated", aud: "authenticated", exp, ...claims }, secret);
}
