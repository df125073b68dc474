import type { LinkName } from "./link.ts";

/** What `check_installation.sql` has found. */
export interface Finding {
  /** As in docs/database.md. */
  readonly code: string;
  readonly problem: string;
  readonly cure: string;
}

/** The link that a finding concerns. */
export function linkOf({ code, problem }: Finding): LinkName {
  if (/^(broadcast-|no-live-changes)/.test(code)) return "live";
  if (/^trigger-/.test(code)) {
    if (/delete|truncate/i.test(problem)) return "delete";
    return /update/i.test(problem) ? "update" : "insert";
  }
  return "snapshot";
}

/** Whether streams work in spite of it: it is about who may read what, or about speed. */
export function isNote({ code }: Finding): boolean {
  return code !== "policy-missing" && /^(policy|policies|index)-/.test(code);
}
