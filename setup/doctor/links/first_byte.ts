import { FUNCTION_PATH } from "../function_path.ts";
import { followEvents } from "../event_follower.ts";
import { judgeCaller } from "../judge/judge_function.ts";
import type { Link } from "../link.ts";
import { broken, ok } from "../verdict.ts";

/** Does the stream begin at once? The link before has shown how fast a short answer is. */
export const firstByteLink: Link = {
  name: "first-byte",
  title: "The stream begins at once",
  async check(visit) {
    const { complaint: { url }, effects: { fetch }, waits, signal } = visit;
    visit.follower = followEvents(`${url}${FUNCTION_PATH}`, {
      token: visit.signedIn!.token,
      fetch,
      firstByteMs: waits.firstByteMs,
      signal,
    });
    const opening = await visit.follower.opening;
    signal.throwIfAborted();
    switch (opening.kind) {
      case "bytes":
        return ok(`${opening.milliseconds} ms`);
      case "refused": {
        const verdict = judgeCaller(opening.answer);
        return verdict.status === "ok" ? broken("function-unknown") : verdict;
      }
      case "silent": {
        const what = opening.hasHeaders ? "the status and nothing else" : "nothing";
        return broken("buffered", `${what} in ${waits.firstByteMs / 1000} s`);
      }
    }
  },
};
