import assert from "node:assert/strict";
import { judgeRefusal } from "../../../supabase/functions/file-events/realtime/judge_refusal.ts";

/** As a real server words them. */
const REASONS: Record<string, ReturnType<typeof judgeRefusal>> = {
  "InvalidJWTToken: Token has expired 10 seconds ago": "token",
  "InvalidJWTToken: Fields `role` and `exp` are required in JWT": "token",
  "MalformedJWT: The token provided is not a valid JWT": "token",
  "JwtSignatureError: Failed to validate JWT signature": "token",
  "Unauthorized: You do not have permissions to read from this Channel topic: files:1": "policy",
  "ChannelRateLimitReached: Too many channels": undefined,
  "ClientJoinRateLimitReached: Too many joins per second": undefined,
  "IncreaseConnectionPool: Please increase your connection pool size": undefined,
  "": undefined,
};

for (const [reason, verdict] of Object.entries(REASONS)) {
  Deno.test(`judgeRefusal() reads "${reason}" as ${verdict ?? "a fault of the server's"}`, () => {
    assert.equal(judgeRefusal(reason), verdict);
  });
}
