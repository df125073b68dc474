/**
 * Says what a server found wrong with a join that it refused.
 *
 * @param reason The server's words, such as `InvalidJWTToken: Token has expired 5 seconds ago`.
 * @returns `token`: the token has expired, is malformed or has a wrong signature. `policy`: the
 * policies on `realtime.messages` do not let the user listen. `undefined`: nothing is wrong with the
 * user; the server itself has a problem.
 */
export function judgeRefusal(reason: string): "token" | "policy" | undefined {
  if (/^Unauthorized/i.test(reason)) return "policy";
  if (/JWT/i.test(reason)) return "token";
}
