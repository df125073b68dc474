import { FUNCTION_PATH } from "../function_path.ts";
import { judgeDeployed } from "../judge/judge_function.ts";
import type { Link } from "../link.ts";

/** Does a function answer? It is asked without a token and a key, as an EventSource may ask. */
export const functionLink: Link = {
  name: "function",
  title: "The function is deployed",
  async check(visit) {
    visit.anonymous = await visit.ask(FUNCTION_PATH, { isAnonymous: true });
    return judgeDeployed(visit.anonymous);
  },
};
