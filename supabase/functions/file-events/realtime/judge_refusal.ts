/**
 * Says what a server's refusal of a join is about.
 *
 * @param reason As the server words it, such as `InvalidJWTToken: Token has expired 5 seconds ago`.
 * @returns `token`: it has expired, is malformed or has another signature. `policy`: the policies on
 * `realtime.messages` don't let the user listen. `undefined`: what ails the server itself.
 */
export function judgeRefusal(reason: string): "token" | "policy" | undefined {
  if (/^Unauthorized/i.test(reason)) return "policy";
  if (/JWT/i.test(reason)) return "token";
}
