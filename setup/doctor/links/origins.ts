import { FUNCTION_PATH } from "../function_path.ts";
import { judgeOrigin } from "../judge/judge_origin.ts";
import type { Link } from "../link.ts";
import { ok, skipped } from "../verdict.ts";

/** May pages of the origins read the stream? */
export const originsLink: Link = {
  name: "origins",
  title: "Pages may read the stream (CORS)",
  async check({ ask, complaint: { origins } }) {
    if (origins.length === 0) return skipped("no --origin was given");
    for (const origin of origins) {
      const preflight = await ask(FUNCTION_PATH, {
        method: "OPTIONS",
        isAnonymous: true,
        headers: {
          origin,
          "access-control-request-method": "GET",
          "access-control-request-headers": "authorization",
        },
      });
      const get = await ask(FUNCTION_PATH, { isAnonymous: true, headers: { origin } });
      const verdict = judgeOrigin(origin, { preflight, get });
      if (verdict.status !== "ok") return verdict;
    }
    return ok(origins.join(", "));
  },
};
