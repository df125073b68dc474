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
      const verdict = judgeToken(await ask("/auth/v1/user", { headers }));
      return verdict.status === "ok" ? await lookForUser(visit, verdict) : verdict;
    }
    const path = "/auth/v1/token?grant_type=password";
    const answer = await ask(path, { method: "POST", body: user });
    const verdict = judgeSignIn(answer);
    if (verdict.status !== "ok") return verdict;
    const found = readToken(visit, String(jsonOf(answer).access_token));
    return found.status === "ok" ? await lookForUser(visit, found) : found;
  },
};

/** A database without the user is another project's: what it says is not about this project. */
async function lookForUser({ database, signedIn }: Visit, found: Verdict): Promise<Verdict> {
  if (!database) return found;
  try {
    const sql = "select id from auth.users where id = $1";
    const users = await database.query(sql, [signedIn!.userId]);
    return users.length > 0 ? found : broken("database-other-project");
  } catch {
    return found; // The role of the URL may not read the users.
  }
}

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
