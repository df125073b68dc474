import type { FaultCode } from "./faults.ts";

/** What the check of a link has found. */
export type Verdict =
  | { readonly status: "ok"; readonly detail?: string }
  | { readonly status: "broken"; readonly code: FaultCode; readonly detail?: string }
  /** The link could not be checked, and the links after it can. `detail` says why. */
  | { readonly status: "skipped"; readonly detail: string };

export function ok(detail?: string): Verdict {
  return { status: "ok", ...(detail !== undefined && { detail }) };
}

export function broken(code: FaultCode, detail?: string): Verdict {
  return { status: "broken", code, ...(detail !== undefined && { detail }) };
}

export function skipped(detail: string): Verdict {
  return { status: "skipped", detail };
}
