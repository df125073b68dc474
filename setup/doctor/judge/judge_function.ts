import { type Answer, jsonOf, quote } from "../answer.ts";
import type { FaultCode } from "../faults.ts";
import { broken, ok, type Verdict } from "../verdict.ts";
import { readRefusal } from "./read_refusal.ts";

/** Judges whether there is a function at all, by its answer to a request without a token. */
export function judgeDeployed(answer: Answer): Verdict {
  const { status } = answer;
  // The function itself never answers 404.
  if (status === 404) return broken("function-not-deployed", quote(answer));
  if (jsonOf(answer).code === "BOOT_ERROR") return broken("function-not-starting", quote(answer));
  if (status === 0 || status === 429 || status >= 500) {
    return broken("function-unavailable", quote(answer));
  }
  return ok();
}

/** Judges who has turned the request without a token away: the function, or a gateway. */
export function judgeGateway(answer: Answer): Verdict {
  if (answer.status === 401) {
    if (readRefusal(answer) === "AUTH_REQUIRED") return ok();
    const wantsKey = /api ?key/i.test(answer.text);
    return broken(wantsKey ? "gateway-wants-key" : "gateway-check-on", quote(answer));
  }
  return broken("function-unknown", quote(answer));
}

/** By the function's own codes. */
const REFUSALS: Readonly<Record<string, FaultCode>> = {
  AUTH_REQUIRED: "function-unknown", // The token got lost on the way.
  AUTH_INVALID: "token-not-accepted",
  AUTH_EXPIRED: "token-expired",
  UPSTREAM_UNAVAILABLE: "function-cannot-reach-auth",
  OVERLOADED: "function-overloaded",
  TOO_MANY_STREAMS: "too-many-streams",
  SSE_SETUP_ERROR: "function-failed",
};

/**
 * Judges the answer to a request with a token and a parameter that the function refuses. It looks
 * at the parameter only after it has accepted the token.
 */
export function judgeCaller(answer: Answer): Verdict {
  const { status } = answer;
  const refusal = readRefusal(answer);
  if (status === 200 || refusal === "INVALID_PARAMETER") return ok();
  const code = refusal === undefined ? undefined : REFUSALS[refusal];
  if (code) return broken(code, quote(answer));
  if (status === 401) return broken("token-not-accepted", quote(answer));
  if (status === 0 || status === 429 || status >= 500) {
    return broken("function-unavailable", quote(answer));
  }
  return broken("function-unknown", quote(answer));
}
