import { jwtSecret } from "../../local/api_keys.ts";
import { signToken } from "../../local/realtime/token.ts";

/** Users 1 and 2 of the recorded frames. */
export const userIds = [
  "11111111-1111-4111-8111-111111111111",
  "22222222-2222-4222-8222-222222222222",
] as const;

/** An access token that lasts `seconds` (an hour), with the claims changed as told. */
export function mintToken(
  sub: string,
  { seconds = 3600, secret = jwtSecret, ...claims }:
    & { seconds?: number; secret?: string }
    & Record<string, unknown> = {},
): Promise<string> {
  const exp = Math.floor(Date.now() / 1000) + seconds;
  return signToken({ sub, role: "authenticated", aud: "authenticated", exp, ...claims }, secret);
}
