import { FUNCTION_PATH } from "../function_path.ts";
import { judgeCaller } from "../judge/judge_function.ts";
import type { Link } from "../link.ts";
import { ok } from "../verdict.ts";

/** Does the function accept the user's token? The parameter makes it answer and not stream. */
export const tokenLink: Link = {
  name: "token",
  title: "The function accepts the token",
  async check({ ask, signedIn }) {
    const headers = { authorization: `Bearer ${signedIn!.token}` };
    const answer = await ask(`${FUNCTION_PATH}?snapshot=doctor`, { headers });
    const verdict = judgeCaller(answer);
    return verdict.status === "ok" ? ok(`${answer.milliseconds} ms`) : verdict;
  },
};
