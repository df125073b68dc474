import { type Answer, jsonOf, quote } from "../answer.ts";
import type { FaultCode } from "../faults.ts";
import { broken, ok, type Verdict } from "../verdict.ts";

/** By Auth's own codes. */
const CODES: Readonly<Record<string, FaultCode>> = {
  invalid_credentials: "password-refused",
  invalid_grant: "password-refused",
  email_not_confirmed: "email-unconfirmed",
  email_provider_disabled: "password-sign-in-off",
  captcha_failed: "password-sign-in-off",
  over_request_rate_limit: "sign-in-limited",
};

/** Judges Auth's answer to a sign-in with a password. */
export function judgeSignIn(answer: Answer): Verdict {
  const { status } = answer;
  const { access_token, error_code, error } = jsonOf(answer);
  if (status === 200 && typeof access_token === "string") return ok();
  if (status === 0 || status >= 500) return broken("auth-unavailable", quote(answer));
  const code = CODES[String(error_code ?? error)];
  if (code) return broken(code, quote(answer));
  return broken(status === 429 ? "sign-in-limited" : "sign-in-refused", quote(answer));
}

/** Judges Auth's answer to a token that the user has passed. */
export function judgeToken(answer: Answer): Verdict {
  const { status } = answer;
  if (status === 200) return ok();
  if (status === 400 || status === 401 || status === 403 || status === 404) {
    return broken("token-refused", quote(answer));
  }
  return broken("auth-unavailable", quote(answer));
}
