import { readTokenClaims } from "../../../supabase/functions/file-events/auth/token_claims.ts";
import { jsonOf } from "../answer.ts";
import { judgeSignIn, judgeToken } from "../judge/judge_sign_in.ts";
import type { Link } from "../link.ts";
import { broken, ok, type Verdict } from "../verdict.ts";
import type { Visit } from "../visit.ts";

/** Can the user sign in, or is the user's token one of the project? */
export const signInLink: Link = {
  name: "sign-in",
  title: "The user's sign-in",
  async check(visit) {
    const { ask, complaint: { user } } = visit;
    if ("token" in user) {
      const found = readToken(visit, user.token);
      if (found.status !== "ok") return found;
      const headers = { authorization: `Bearer ${user.token}` };
      return judgeToken(await ask("/auth/v1/user", { headers }));
    }
    const path = "/auth/v1/token?grant_type=password";
    const answer = await ask(path, { method: "POST", body: user });
    const verdict = judgeSignIn(answer);
    if (verdict.status !== "ok") return verdict;
    return readToken(visit, String(jsonOf(answer).access_token));
  },
};

function readToken(visit: Visit, token: string): Verdict {
  try {
    const { userId } = readTokenClaims(token, Date.now());
    visit.signedIn = { token, userId };
    return ok(`user ${userId}`);
  } catch (error) {
    const { code, message } = error as { code?: unknown; message: string };
    return code === "AUTH_EXPIRED" ? broken("token-expired") : broken("token-unusable", message);
  }
}
