import type { Answer } from "../answer.ts";
import { broken, ok, type Verdict } from "../verdict.ts";

/** Judges whether a browser would let a page of `origin` read the stream. */
export function judgeOrigin(
  origin: string,
  { preflight, get }: { preflight: Answer; get: Answer },
): Verdict {
  const allows = ({ headers }: Answer) =>
    ["*", origin].includes(headers.get("access-control-allow-origin")?.trim() ?? "");
  if (!allows(get)) return broken("origin-not-allowed", `origin ${origin}`);
  const headers = (preflight.headers.get("access-control-allow-headers") ?? "").toLowerCase();
  const names = headers.split(",").map((name) => name.trim());
  const isOk = preflight.status >= 200 && preflight.status < 300;
  // "*" does not stand for `authorization`.
  if (!isOk || !allows(preflight) || !names.includes("authorization")) {
    return broken("preflight-refused", `origin ${origin}, status ${preflight.status}`);
  }
  return ok();
}
